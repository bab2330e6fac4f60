import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import * as v from "valibot";
import { print } from "../print.ts";
import { chooseClass } from "./choose-class.ts";
import { type Chromium, findChromium } from "./chromium.ts";
import { Browser, type Tab, type View } from "./devtools.ts";
import { writePages } from "./write-pages.ts";
import { wrongInIt, wrongPage } from "./wrong-page.ts";

/**
 * Opens reports and graphs in Chromium as a desk and as a phone show them, light and dark: without an error, without a
 * request but for the page itself, nothing wider than the page, no text on another or out of its box. With a folder as
 * its argument it also leaves a screenshot of each there.
 */
const [screenshots] = process.argv.slice(2);
const desk = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };
const inspected = v.object({ problems: v.array(v.string()), texts: v.number() });
const version = v.object({ product: v.string() });
const screenshot = v.object({ data: v.string() });

const chromium = findChromium();
if (chromium.kind === "found") await openAll(chromium);
else print(`SKIPPED: no page was opened in a browser, for there is no Chromium: ${chromium.why}`);

async function openAll(found: Chromium): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "medctc-pages-"));
  const browser = new Browser(found);
  try {
    const inspector = await bundleInspector();
    const { product } = v.parse(version, await browser.send("Browser.getVersion"));
    print(`${product}, ${found.file}`);
    const look = (name: string, view: View): Promise<readonly string[]> =>
      check(browser, inspector, join(folder, name), view);
    await findMistakes(look, folder);
    await writePages(folder);
    for (const name of readdirSync(folder).filter((each) => /\.(html|svg)$/.test(each))) {
      const problems: string[] = [];
      for (const view of viewsOf(join(folder, name))) {
        for (const problem of await look(name, view)) problems.push(`${view.width} ${view.scheme}: ${problem}`);
        if (name === "evaluation.html") problems.push(...(await chooseClass(browser, join(folder, name), view)));
      }
      print(`${problems.length === 0 ? "fine" : "WRONG"}  ${name}`);
      for (const problem of problems.slice(0, 20)) print(`       ${problem}`);
      if (problems.length > 0) process.exitCode = 1;
    }
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true });
  }
}

/** Defines `inspector` in the page that it is evaluated in. */
async function bundleInspector(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: ["test/browser/page/inspect.ts"],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "inspector",
  });
  return outputFiles.map(({ text }) => text).join("\n");
}

/** Throws where a page that is wrong in every way is not seen to be. */
async function findMistakes(
  look: (name: string, view: View) => Promise<readonly string[]>,
  folder: string,
): Promise<void> {
  const name = "wrong.html";
  writeFileSync(join(folder, name), wrongPage);
  const problems = await look(name, { ...desk, scheme: "light" });
  rmSync(join(folder, name));
  const missed = wrongInIt.filter((part) => !problems.some((problem) => problem.includes(part)));
  if (missed.length > 0) throw new Error(`not found: ${missed.join("; ")}; found:\n${problems.join("\n")}`);
}

/** A page in each size and scheme; a picture as large as it is. */
function viewsOf(path: string): readonly View[] {
  if (path.endsWith(".html"))
    return [desk, phone].flatMap((size) => ["light", "dark"].map((scheme) => ({ ...size, scheme })));
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(readFileSync(path, "utf8")) ?? [];
  return [{ width: Number(width), height: Number(height), scheme: "light" }];
}

async function check(browser: Browser, inspector: string, path: string, view: View): Promise<readonly string[]> {
  const url = pathToFileURL(path).href;
  const tab = await browser.open(url, view);
  try {
    const found = await tab.evaluate(`${inspector}; inspector.inspect(${JSON.stringify(view.scheme)})`);
    const { problems, texts } = v.parse(inspected, found);
    if (texts === 0) problems.push("no picture has a text");
    if (screenshots !== undefined) await takeScreenshot(tab, screenshots, path, view);
    // What is in an address of its own is asked of nobody.
    const others = tab.requests.filter((request) => request !== url && !request.startsWith("data:"));
    if (tab.requests.length === 0) problems.push("it was not loaded");
    return [...problems, ...others.map((request) => `it asked for ${request}`), ...tab.problems];
  } finally {
    await tab.close();
  }
}

async function takeScreenshot(tab: Tab, folder: string, path: string, view: View): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { data } = v.parse(screenshot, await tab.send("Page.captureScreenshot", { captureBeyondViewport: true }));
  writeFileSync(join(folder, `${basename(path)}-${view.width}-${view.scheme}.png`), Buffer.from(data, "base64"));
}
