// Builds cloudtuner/static/build/ from the sources beside this file: style sheet, scripts, fonts.
// Run from anywhere: node cloudtuner/assets/build.mjs.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const out = join(here, "..", "static", "build");
const require = createRequire(import.meta.url);

rmSync(out, { recursive: true, force: true });
mkdirSync(join(out, "fonts"), { recursive: true });

const fonts = {
  "inter-latin.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
  "inter-latin-ext.woff2": "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2",
  "noto-sans-devanagari.woff2": "@fontsource-variable/noto-sans-devanagari/files/noto-sans-devanagari-devanagari-wght-normal.woff2",
};
for (const [name, source] of Object.entries(fonts)) {
  copyFileSync(join(root, "node_modules", source), join(out, "fonts", name));
}

const tailwind = join(dirname(require.resolve("@tailwindcss/cli/package.json")), "dist", "index.mjs");
const css = spawnSync(process.execPath, [tailwind, "--input", join(here, "app.css"), "--output", join(out, "app.css"), "--minify"], {
  cwd: root,
  stdio: ["ignore", "ignore", "pipe"],
  encoding: "utf8",
});
if (css.status !== 0) {
  process.stderr.write(`app.css: ${css.stderr}\n`);
  process.exit(css.status ?? 1);
}

await build({
  entryPoints: [join(here, "app.js"), join(here, "charts.js")],
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome111", "firefox114", "safari16.4"],
  legalComments: "none",
  logLevel: "warning",
});

let firstView = 0;
for (const name of readdirSync(out).filter((entry) => /\.(css|js)$/.test(entry)).sort()) {
  const path = join(out, name);
  const packed = brotliCompressSync(readFileSync(path)).length;
  if (name !== "charts.js") firstView += packed;
  process.stdout.write(`${name}: ${statSync(path).size} bytes, ${packed} brotli\n`);
}
process.stdout.write(`first view without a chart: ${firstView} bytes brotli\n`);
if (firstView > 60_000) {
  process.stderr.write("The first view is over its budget of 60000 bytes: leave something out.\n");
  process.exit(1);
}
