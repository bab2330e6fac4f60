import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { findChromium } from "./chromium.ts";
import { medctcText } from "./command-text.ts";
import { Browser, type Tab, type View } from "./devtools.ts";

/**
 * Opens the page of `medctc play` in Chromium on a desk and on a phone, light and dark: what is typed changes counts and picture,
 * texts are those of the commands, axe finds nothing wrong in any panel, and nothing is asked for but the page's own files. With a
 * folder as its argument it also leaves a screenshot of each panel there.
 */
const [screenshots] = process.argv.slice(2);
const views: readonly View[] = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
].flatMap((size) => ["light", "dark"].map((scheme) => ({ ...size, scheme })));
const panels = ["summary", "model", "parameters", "place", "changes", "plan", "pytorch", "programs"];
const files = ["", "texts.json", "page.css", "page.js", "worker.js"];
const spec = "specs/medct-small.vlm";
const axe = readFileSync("node_modules/axe-core/axe.min.js", "utf8");
const violations = v.array(v.object({ id: v.string(), nodes: v.array(v.object({ html: v.string() })) }));
const place = v.object({ x: v.number(), y: v.number() });
const picture = v.object({ data: v.string() });

const chromium = findChromium();
if (chromium.kind === "missing") {
  process.stdout.write(`SKIPPED: the page was not opened, for there is no Chromium: ${chromium.why}\n`);
} else {
  const server = spawn(process.execPath, ["dist/medctc.js", "play", "--no-open"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const browser = new Browser(chromium);
  try {
    const address = await new Promise<string>((resolve) =>
      server.stdout.once("data", (line: Buffer) => resolve(String(line).trim())),
    );
    for (const view of views) {
      const problems = await inspect(browser, address, view);
      process.stdout.write(`${problems.length === 0 ? "fine" : "WRONG"}  play ${view.width} ${view.scheme}\n`);
      for (const problem of problems.slice(0, 20)) process.stdout.write(`       ${problem}\n`);
      if (problems.length > 0) process.exitCode = 1;
    }
  } finally {
    await browser.close();
    server.kill("SIGINT");
  }
}

async function inspect(opened: Browser, address: string, view: View): Promise<readonly string[]> {
  const tab = await opened.open(`${address}#open=${spec}`, view);
  const problems: string[] = [];
  const expectText = async (what: string, expression: string, wanted: string | RegExp): Promise<void> => {
    const found = await waitFor(tab, expression, wanted);
    if (found !== null) problems.push(`${what}: ${JSON.stringify(found.slice(0, 120))}`);
  };
  try {
    await expectText("summary", printedIn("summary"), medctcText("compile", spec));
    for (const id of panels) {
      await tab.evaluate(`document.getElementById("tab-${id}").click()`);
      if (id === "place") await tab.evaluate(`document.querySelector("#panel-place form button.primary").click()`);
      await expectText(id, contentOf(id), /\S/);
      for (const problem of await violationsIn(tab)) problems.push(`${id}: ${problem}`);
      if (screenshots !== undefined) await takeScreenshot(tab, `play-${id}-${view.width}-${view.scheme}`);
    }
    await expectText("parameters", printedIn("parameters"), medctcText("params", spec));
    await expectText("plan", printedIn("plan"), medctcText("compile", spec, "--emit", "plan"));
    await expectText("forward", printedIn("programs"), medctcText("compile", spec, "--emit", "forward"));
    problems.push(...(await type(tab)));
    const others = tab.requests.filter(
      (url) => !url.startsWith("data:") && !files.some((file) => url.replace(/#.*/, "") === `${address}${file}`),
    );
    const tooWide = await tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth");
    if (tooWide === true) problems.push("the page is wider than the window");
    return [...problems, ...others.map((url) => `it asked for ${url}`), ...tab.problems];
  } finally {
    await tab.close();
  }
}

/** Types over the rank of the first placement, and looks for what follows; then a mistake. */
async function type(tab: Tab): Promise<readonly string[]> {
  const problems: string[] = [];
  const trainable = `(document.querySelector("#counts dd")?.textContent ?? "")`;
  await tab.evaluate(`document.getElementById("tab-model").click()`);
  const before = String(await tab.evaluate(trainable));
  const drawn = String(await tab.evaluate(`document.querySelector("#panel-model desc").textContent`));
  await clickBehind(tab, "lora(rank = 4");
  await press(tab, "Backspace", 8);
  await tab.send("Input.insertText", { text: "2" });
  if ((await waitFor(tab, `String(${trainable} !== ${JSON.stringify(before)})`, "true")) !== null)
    problems.push(`a typed rank leaves ${before} parameters`);
  if (
    (await waitFor(
      tab,
      `String(document.querySelector("#panel-model desc").textContent !== ${JSON.stringify(drawn)})`,
      "true",
    )) !== null
  )
    problems.push("a typed rank leaves the picture");
  await tab.send("Input.insertText", { text: "x (" });
  const stale = `String(!document.getElementById("stale").hidden && document.querySelectorAll("#mistakes li.error").length > 0)`;
  if ((await waitFor(tab, stale, "true")) !== null) problems.push("a mistake is not shown");
  if (String(await tab.evaluate(trainable)) === "") problems.push("a mistake takes the counts away");
  await press(tab, "Escape", 27);
  for (const problem of await violationsIn(tab)) problems.push(`with a mistake: ${problem}`);
  await tab.evaluate(`document.getElementById("start-over").click()`);
  if ((await waitFor(tab, trainable, before)) !== null) problems.push("to start over does not bring the counts back");
  return problems;
}

async function press(tab: Tab, key: string, windowsVirtualKeyCode: number): Promise<void> {
  for (const type of ["keyDown", "keyUp"])
    await tab.send("Input.dispatchKeyEvent", { type, key, code: key, windowsVirtualKeyCode });
}

/** Clicks behind a text in the editor. */
async function clickBehind(tab: Tab, text: string): Promise<void> {
  const find = (then: string): string => `{
    const lines = [...document.getElementById("editor").shadowRoot.querySelectorAll(".cm-line")];
    const line = lines.find((each) => each.textContent.includes(${JSON.stringify(text)}));
    if (line === undefined) throw new Error("the line is not there");
    ${then}
  }`;
  // Of a long text the editor has only the lines near what is seen.
  await waitFor(
    tab,
    `{
      const root = document.getElementById("editor").shadowRoot;
      const isThere = root.querySelector(".cm-content").textContent.includes(${JSON.stringify(text)});
      if (!isThere) root.querySelector(".cm-scroller").scrollTop += 200;
      String(isThere);
    }`,
    "true",
  );
  await tab.evaluate(find('line.scrollIntoView({ block: "center" });'));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const at = await tab.evaluate(
    find(`
    const texts = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
    let rest = line.textContent.indexOf(${JSON.stringify(text)}) + ${text.length};
    let node = texts.nextNode();
    for (; node.length < rest; node = texts.nextNode()) rest -= node.length;
    const range = document.createRange();
    range.setStart(node, rest - 1);
    range.setEnd(node, rest);
    const { right, top, bottom } = range.getBoundingClientRect();
    ({ x: right, y: (top + bottom) / 2 });`),
  );
  const { x, y } = v.parse(place, at);
  for (const type of ["mousePressed", "mouseReleased"])
    await tab.send("Input.dispatchMouseEvent", { type, x, y, button: "left", clickCount: 1 });
}

function printedIn(id: string): string {
  return `document.querySelector("#panel-${id} .printed")?.textContent ?? ""`;
}

function contentOf(id: string): string {
  if (id === "model") return `document.querySelector("#panel-model svg")?.textContent ?? ""`;
  if (id === "place") return `document.querySelector("#panel-place table")?.textContent ?? ""`;
  return `[...document.querySelectorAll("#panel-${id} .text-view:not([aria-busy]) .printed")].map((each) => each.textContent).join("")`;
}

/** Null once a text is as it should be; else what it still is after a while. */
async function waitFor(tab: Tab, expression: string, wanted: string | RegExp): Promise<string | null> {
  const end = performance.now() + 30_000;
  for (;;) {
    const found = String(await tab.evaluate(expression));
    if (typeof wanted === "string" ? found === wanted : wanted.test(found)) return null;
    if (performance.now() > end) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function violationsIn(tab: Tab): Promise<readonly string[]> {
  const found = await tab.evaluate(
    `${axe}; axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => ({ html })) })))`,
  );
  return v.parse(violations, found).map(
    ({ id, nodes }) =>
      `axe: ${id}: ${nodes
        .map(({ html }) => html.slice(0, 140))
        .slice(0, 3)
        .join(" | ")}`,
  );
}

async function takeScreenshot(tab: Tab, name: string): Promise<void> {
  if (screenshots === undefined) return;
  mkdirSync(screenshots, { recursive: true });
  const { data } = v.parse(picture, await tab.send("Page.captureScreenshot"));
  writeFileSync(join(screenshots, `${name}.png`), Buffer.from(data, "base64"));
}
