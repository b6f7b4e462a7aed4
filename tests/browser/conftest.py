"""Debian's Chromium against the whole platform: one stack per run, a page that remembers what the browser refused."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(os.environ.get("CLOUDTUNER_TEST_RESULTS", ROOT / "test-results"))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}

TABS_OUT_OF_SIGHT = """[...document.querySelectorAll(".subnav [aria-current], .tabs-line [aria-current]")]
  .filter((tab) => { const box = tab.getBoundingClientRect(); return box.left < 0 || box.right > innerWidth + 1; })"""
FOCUS = """(() => {
  const here = document.activeElement, style = getComputedStyle(here);
  return {
    inside: Boolean(here.closest("#content")) && here.id !== "content",
    seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== "none",
    html: here.outerHTML.slice(0, 120),
  };
})()"""


@dataclass(frozen=True)
class Stack:
    """A running platform: where its base host answers, and how to name an organisation's host."""

    base_url: str

    def tenant(self, slug: str) -> str:
        """The origin of an organisation's host."""
        return self.base_url.replace("://", f"://{slug}.", 1)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The platform of CLOUDTUNER_STACK_URL, else one started for this run in a folder of its own."""
    given = os.environ.get("CLOUDTUNER_STACK_URL")
    if given:
        yield Stack(given.rstrip("/"))
        return
    folder = Path(tempfile.mkdtemp(prefix="cloudtuner-browser-"))
    folder.chmod(0o755)  # as root, PostgreSQL runs as another user, who must get in
    log = (folder / "up.log").open("wb")
    command = [sys.executable, "-m", "cloudtuner.cli", "up", "--no-demo", "--data-dir", str(folder / "data")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        yield Stack(f"http://cloudtuner.localhost:{_port(process, folder)}")
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def _port(process: subprocess.Popen[bytes], folder: Path) -> int:
    """The web port once the platform serves; fails with the log's end when it never does."""
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        said = (folder / "up.log").read_text(errors="replace")
        told = folder / "data" / "web.port"
        if "Ready in" in said and told.exists():
            port = int(told.read_text())
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                    if answer.status == 200:
                        return port
            except (urllib.error.URLError, TimeoutError):
                pass
        time.sleep(0.5)
    raise AssertionError("the platform did not come up:\n" + (folder / "up.log").read_text(errors="replace")[-4000:])


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium of the distribution, which calls nobody."""
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", *quiet])
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What the browser refused or a script threw in any window; a test that ends with any of it fails."""
    said: list[str] = []
    yield said
    assert said == []


@pytest.fixture
def window(chromium: Browser, complaints: list[str]) -> Iterator[Callable[[], Page]]:
    """Opens fresh windows, each of a person of its own: no cookies are shared. Each remembers what it complained of."""
    contexts = []

    def opened() -> Page:
        context = chromium.new_context(
            viewport={"width": 1280, "height": 800}, locale="en-GB", timezone_id="Asia/Kolkata", accept_downloads=True
        )
        contexts.append(context)
        context.set_default_timeout(15_000)
        # A refusal of the content security policy is a console error too; the event says which rule and what.
        context.add_init_script(
            "document.addEventListener('securitypolicyviolation', (event) => "
            "console.error(`policy: ${event.violatedDirective} refused ${event.blockedURI}`))"
        )
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def page(window: Callable[[], Page]) -> Page:
    """One window."""
    return window()


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where screenshots go."""
    folder = RESULTS / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Walk:
    """A person at a window: the clicks made, and what axe and the ruler said of each place."""

    def __init__(self, page: Page, pictures: Path) -> None:
        self.page, self.pictures = page, pictures
        self.clicks = 0
        self.violations: dict[str, list[tuple[str, list[str]]]] = {}
        self.axe = Axe()

    def click(self, role: str, name: str | re.Pattern[str]) -> None:
        """One click a person makes."""
        self.clicks += 1
        self.page.get_by_role(role, name=name).first.click()

    def look(self, name: str) -> None:
        """At a phone's width and in the dark, then at a desk's width and in the light: a picture, axe, no sideways scrolling."""
        for scheme, width in (("dark", 360), ("light", 1280)):
            self.page.emulate_media(color_scheme=scheme)
            self.page.set_viewport_size({"width": width, "height": 800})
            self.page.wait_for_timeout(100)
            self.page.screenshot(path=self.pictures / f"{name}-{width}-{scheme}.png", full_page=True)
            wide = self.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name} is {wide} px wide at {width} px"
            self.page.wait_for_function(f"{TABS_OUT_OF_SIGHT}.length === 0", timeout=3_000)
            found = self.axe.run(self.page, options=RULES).response["violations"]
            if found:
                told = [(one["id"], [node["html"][:160] for node in one["nodes"][:3]]) for one in found]
                self.violations[f"{name} {width} {scheme}"] = told

    def tab_into_the_page(self, name: str) -> None:
        """By keyboard alone: past the navigation at once, onto the first thing of the page, which shows that it has the focus."""
        self.page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        for key in ("Tab", "Enter", "Tab"):
            self.page.keyboard.press(key)
        told = self.page.evaluate(FOCUS)
        assert told["inside"], f"{name}: the focus went to {told['html']}"
        assert told["seen"], f"{name}: nobody sees that {told['html']} has the focus"


@pytest.fixture
def walk(page: Page, pictures: Path) -> Iterator[Walk]:
    """A walk whose test fails when axe found anything on the way."""
    walked = Walk(page, pictures)
    yield walked
    assert walked.violations == {}
