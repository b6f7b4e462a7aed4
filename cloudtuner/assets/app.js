// Everything here makes a page nicer; nothing here is needed to use it.
import Alpine from "@alpinejs/csp";
import htmx from "htmx.org/dist/htmx.esm.js";

htmx.config.allowEval = false;
htmx.config.allowScriptTags = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.historyCacheSize = 0;
htmx.config.selfRequestsOnly = true;

const text = (key) => document.documentElement.dataset[key] ?? "";

// --- times: UTC on the page, the reader's own time on hover
const localTime = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
function dressTimes(scope) {
  for (const time of scope.querySelectorAll("time[datetime]:not([title])")) {
    const moment = new Date(time.dateTime);
    if (!Number.isNaN(moment.getTime())) time.title = localTime.format(moment);
  }
}

// --- a word at the foot of the page, read out by screen readers
function say(message) {
  const place = document.getElementById("toasts");
  if (!place) return;
  const line = document.createElement("div");
  line.textContent = message;
  place.replaceChildren(line);
  setTimeout(() => line.remove(), 4000);
}

// --- theme
function setTheme(name) {
  const domain = text("cookieDomain");
  document.documentElement.dataset.theme = name;
  document.cookie = `theme=${name}; path=/; max-age=31536000; samesite=lax${domain ? `; domain=${domain}` : ""}`;
  document.dispatchEvent(new CustomEvent("theme:changed"));
}
function otherTheme() {
  const now = document.documentElement.dataset.theme;
  const dark = now ? now === "ledger-night" : matchMedia("(prefers-color-scheme: dark)").matches;
  return dark ? "ledger" : "ledger-night";
}

// --- the drawer: the thread of a figure beside the page; the same link is a page of its own
let drawerSource = null;
async function openDrawer(link) {
  const drawer = document.getElementById("drawer");
  if (!drawer?.showModal) return false;
  drawerSource = link;
  const body = drawer.querySelector("[data-drawer-body]");
  const waiting = document.getElementById("drawer-waiting");
  body.replaceChildren(waiting.content.cloneNode(true));
  drawer.showModal();
  try {
    const answer = await fetch(link.href, { headers: { "HX-Request": "true", "X-Drawer": "1" }, credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = page.querySelector("[data-drawer-content]") ?? page.querySelector("main");
    if (!part) throw new Error("no content");
    body.replaceChildren(...part.childNodes);
    htmx.process(body);
    dressTimes(body);
    drawer.querySelector("[data-drawer-page]").href = link.href;
  } catch {
    location.href = link.href;
  }
  return true;
}

// --- palette
Alpine.data("palette", () => ({
  query: "",
  at: 0,
  entries: [],
  init() {
    this.entries = [...document.querySelectorAll("[data-palette-entry]")].map((link) => ({
      href: link.href,
      label: link.dataset.paletteLabel || link.textContent.trim(),
      hint: link.dataset.paletteEntry,
    }));
  },
  get found() {
    const words = this.query.toLowerCase().split(/\s+/).filter(Boolean);
    const kept = this.entries.filter((entry) => words.every((word) => `${entry.label} ${entry.hint}`.toLowerCase().includes(word)));
    const id = this.query.trim();
    const verify = text("verifyUrl");
    if (/^ctc-/i.test(id) && verify) kept.unshift({ href: `${verify}${encodeURIComponent(id.toUpperCase())}`, label: id.toUpperCase(), hint: text("findCertificate") });
    const ledger = text("ledgerUrl");
    if (/^[0-9]{6,}$/.test(id) && ledger) kept.unshift({ href: `${ledger}?account=${id}`, label: id, hint: text("findAccount") });
    return kept.slice(0, 20).map((entry, index) => ({ ...entry, on: index === this.at, key: entry.href + entry.label }));
  },
  get none() {
    return this.found.length === 0;
  },
  typed() {
    this.at = 0;
  },
  down() {
    this.at = Math.min(this.at + 1, this.found.length - 1);
  },
  up() {
    this.at = Math.max(this.at - 1, 0);
  },
  go() {
    const entry = this.found[this.at];
    if (entry) location.href = entry.href;
  },
}));

// --- drop zone: any number of files, recognised names and sizes before anything is sent
Alpine.data("dropzone", () => ({
  files: [],
  over: false,
  picked() {
    this.files = [...this.$refs.input.files].map((file) => ({ name: file.name, size: sizeText(file.size), key: `${file.name}${file.size}` }));
  },
  enter() {
    this.over = true;
  },
  leave() {
    this.over = false;
  },
  dropped(event) {
    this.over = false;
    if (event.dataTransfer?.files.length) {
      this.$refs.input.files = event.dataTransfer.files;
      this.picked();
    }
  },
  get any() {
    return this.files.length > 0;
  },
  get none() {
    return this.files.length === 0;
  },
}));

// --- verify: the digest of a PDF, made in the browser
Alpine.data("filehash", () => ({
  digest: "",
  name: "",
  async picked() {
    const file = this.$refs.input.files[0];
    if (!file) return;
    this.name = file.name;
    const bytes = await crypto.subtle?.digest("SHA-256", await file.arrayBuffer());
    this.digest = bytes ? [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("") : "";
  },
  dropped(event) {
    if (event.dataTransfer?.files.length) {
      this.$refs.input.files = event.dataTransfer.files;
      this.picked();
    }
  },
}));

function sizeText(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(0)} kB`;
  return `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}

function togglePalette() {
  const palette = document.getElementById("palette");
  if (!palette?.showModal) return;
  if (palette.open) palette.close();
  else {
    palette.showModal();
    palette.querySelector("input").focus();
  }
}

document.addEventListener("click", async (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return;
  for (const pop of document.querySelectorAll("details.pop[open]")) {
    if (!pop.contains(target)) pop.open = false;
  }
  const copy = target.closest("[data-copy]");
  if (copy) {
    await navigator.clipboard?.writeText(copy.dataset.copy);
    say(text("copied"));
    return;
  }
  if (target.closest("[data-theme-toggle]")) return setTheme(otherTheme());
  if (target.closest("[data-palette-open]")) return togglePalette();
  if (target.closest("[data-print]")) return print();
  const closer = target.closest("[data-close]");
  if (closer) return closer.closest("dialog")?.close();
  if (target instanceof HTMLDialogElement) return target.close();
  const opener = target.closest("a[data-drawer]");
  if (opener && !(event.metaKey || event.ctrlKey || event.shiftKey)) {
    event.preventDefault();
    if (!(await openDrawer(opener))) location.href = opener.href;
    return;
  }
  const row = target.closest("tr[data-row]");
  if (row && !target.closest("a, button, input, label") && !getSelection()?.toString()) row.querySelector("a")?.click();
});

document.addEventListener("close", (event) => {
  if (event.target.id === "drawer") drawerSource?.focus();
}, true);

// --- a form is sent once
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("data-many")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  form.setAttribute("aria-busy", "true");
  setTimeout(() => {
    for (const button of form.querySelectorAll("button[type=submit]")) button.setAttribute("aria-disabled", "true");
  });
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
    for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
  }
});

// --- what could not be done yet is asked for again
for (const form of document.querySelectorAll("form[data-again]")) setTimeout(() => form.requestSubmit(), 3000);

document.addEventListener("change", (event) => {
  const field = event.target;
  if (field.matches?.("[data-autosubmit]")) field.form.requestSubmit();
});

// --- keyboard: Ctrl K, g + letter, arrows in tables
let waitingForJump = 0;
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    return togglePalette();
  }
  if (event.key === "Escape") {
    for (const pop of document.querySelectorAll("details.pop[open]")) {
      pop.open = false;
      pop.querySelector("summary").focus();
    }
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, dialog[open]")) return;
  if (event.key === "g") {
    waitingForJump = Date.now();
    return;
  }
  if (Date.now() - waitingForJump < 1200) {
    waitingForJump = 0;
    const link = document.querySelector(`[data-jump="${CSS.escape(event.key)}"]`);
    if (link) location.href = link.href;
    return;
  }
  const row = document.activeElement?.closest?.("tr[data-row]");
  if (row && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    const next = event.key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling;
    const link = next?.querySelector("a");
    if (link) {
      event.preventDefault();
      link.focus();
    }
  }
});

// --- the place one is at, in a row of places that is wider than the screen
function showPlace() {
  for (const here of document.querySelectorAll(".nav [aria-current], .tabs-line [aria-current]")) {
    const row = here.closest(".subnav, .tabs-line") ?? here.closest(".nav");
    const [outer, inner] = [row.getBoundingClientRect(), here.getBoundingClientRect()];
    if (inner.right > outer.right || inner.left < outer.left) row.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
  }
}
showPlace();
addEventListener("resize", showPlace);

document.addEventListener("htmx:afterSwap", (event) => dressTimes(event.target));
document.addEventListener("htmx:sendError", () => say(text("unreachable")));

dressTimes(document);
Alpine.start();
