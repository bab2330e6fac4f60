import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { prepare, root } from "../../runtime/setup/prepare.mjs";
import { findChromium } from "./chromium.mjs";
import { Browser } from "./devtools.mjs";
import { inspect } from "./inspect.mjs";
import { wrongInIt, wrongPage } from "./wrong-page.mjs";

/**
 * Opens reports and graphs in Chromium as a desk and as a phone show them, light and dark: without an error, without a
 * request but for the page itself, nothing wider than the page, no text on another or out of its box. With a folder as
 * its argument it also leaves a screenshot of each there.
 */
const [screenshots] = process.argv.slice(2);
const sizes = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];
const schemes = ["light", "dark"];

await prepare();
const chromium = findChromium();
if (chromium.why === undefined) await openAll();
else process.stdout.write(`SKIPPED: no page was opened in a browser, for there is no Chromium: ${chromium.why}\n`);

async function openAll() {
  const folder = mkdtempSync(join(tmpdir(), "medctc-pages-"));
  const browser = new Browser(chromium);
  let failed = 0;
  try {
    const { product } = await browser.send("Browser.getVersion");
    process.stdout.write(`${product}, ${chromium.file}\n`);
    await findsMistakes(browser, folder);
    await writePages(folder);
    for (const name of readdirSync(folder).filter((each) => /\.(html|svg)$/.test(each))) {
      const found = [];
      for (const view of viewsOf(name, folder)) {
        const problems = await check(browser, folder, name, view);
        found.push(...problems.map((problem) => `${view.width} ${view.scheme}: ${problem}`));
      }
      process.stdout.write(`${found.length === 0 ? "fine" : "WRONG"}  ${name}\n`);
      for (const problem of found.slice(0, 20)) process.stdout.write(`       ${problem}\n`);
      if (found.length > 0) failed++;
    }
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true });
  }
  if (failed > 0) process.exitCode = 1;
}

/** Throws where a page that is wrong in every way is not seen to be. */
async function findsMistakes(browser, folder) {
  const name = "wrong.html";
  writeFileSync(join(folder, name), wrongPage);
  const problems = await check(browser, folder, name, { ...sizes[0], scheme: "light" });
  rmSync(join(folder, name));
  const missed = wrongInIt.filter((part) => !problems.some((problem) => problem.includes(part)));
  if (missed.length > 0) throw new Error(`not found: ${missed.join("; ")}; found:\n${problems.join("\n")}`);
}

/** A page in each size and scheme; a picture as large as it is. */
function viewsOf(name, folder) {
  if (name.endsWith(".html")) return sizes.flatMap((size) => schemes.map((scheme) => ({ ...size, scheme })));
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(readFileSync(join(folder, name), "utf8")) ?? [];
  return [{ width: Number(width), height: Number(height), scheme: "light" }];
}

async function check(browser, folder, name, view) {
  const url = pathToFileURL(join(folder, name)).href;
  const tab = await browser.open(url, view);
  try {
    const { problems, texts } = await tab.evaluate(`(${inspect})(${JSON.stringify(view.scheme)})`);
    if (texts === 0) problems.push("no picture has a text");
    if (screenshots !== undefined) await takeScreenshot(tab, `${name}-${view.width}-${view.scheme}.png`);
    const others = tab.requests.filter((request) => request !== url);
    if (tab.requests.length === 0) problems.push("it was not loaded");
    return [...problems, ...others.map((request) => `it asked for ${request}`), ...tab.problems];
  } finally {
    await tab.close();
  }
}

async function takeScreenshot(tab, name) {
  mkdirSync(screenshots, { recursive: true });
  const { data } = await tab.send("Page.captureScreenshot", { captureBeyondViewport: true });
  writeFileSync(join(screenshots, name), Buffer.from(data, "base64"));
}

async function writePages(folder) {
  const program = join(root, ".cache", `write-pages-${process.pid}.mjs`);
  await build({
    absWorkingDir: root,
    entryPoints: ["test/browser/write-pages.ts"],
    outfile: program,
    bundle: true,
    format: "esm",
    platform: "node",
    banner: {
      js: 'import{createRequire as makeRequire}from"node:module";const require=makeRequire(import.meta.url);',
    },
    external: ["onnxruntime-node"],
    logLevel: "error",
  });
  const { status } = spawnSync(process.execPath, [program, folder], { cwd: root, stdio: "inherit" });
  rmSync(program);
  if (status !== 0) throw new Error("the pages could not be written");
}
