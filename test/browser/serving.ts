import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import axe from "axe-core";
import * as v from "valibot";
import { print } from "../print.ts";
import { type ExampleModel, expectedScores, startServer, writeExampleModel } from "../serving/example-model.ts";
import { type Chromium, findChromium } from "./chromium.ts";
import { Browser, type Tab, type View } from "./devtools.ts";
import { takeScreenshot } from "./screenshot.ts";

/**
 * Opens the page of the example of serving in Chromium: with each adapter in turn, and with the first again, the scores are those of
 * the reference evaluator, the weights are loaded once, nobody else is asked for anything, and axe-core finds nothing. With a folder as
 * its argument it also leaves screenshots there.
 */
const [screenshots] = process.argv.slice(2);
const views: readonly View[] = [
  { width: 1440, height: 900, scheme: "light" },
  { width: 390, height: 844, scheme: "dark" },
];
const tolerance = 1e-5;
const readRows = `[...document.querySelectorAll("#scores tr")].map((row) =>
  [row.querySelector("th").textContent, Number(row.querySelector("td").textContent)])`;
const rows = v.array(v.tuple([v.string(), v.number()]));

const chromium = findChromium();
if (chromium.kind === "found") await openAll(chromium);
else print(`SKIPPED: no page was opened in a browser, for there is no Chromium: ${chromium.why}`);

async function openAll(found: Chromium): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "medctc-serving-"));
  const model = writeExampleModel(folder);
  const expected = new Map<string, ReadonlyMap<string, number>>();
  for (const [name, file] of model.adapters) expected.set(name, await expectedScores(file));
  const { line, stop } = await startServer("examples/serving/page/server.mjs", model.folder, model.inputs);
  const browser = new Browser(found);
  try {
    for (const view of views) {
      const problems = await lookAt(browser, line.trim(), view, model, expected);
      print(`${problems.length === 0 ? "fine" : "WRONG"}  ${view.width} ${view.scheme}`);
      for (const problem of problems.slice(0, 20)) print(`       ${problem}`);
      if (problems.length > 0) process.exitCode = 1;
    }
  } finally {
    await browser.close();
    stop();
    rmSync(folder, { recursive: true });
  }
}

async function lookAt(
  browser: Browser,
  address: string,
  view: View,
  { adapters }: ExampleModel,
  expected: ReadonlyMap<string, ReadonlyMap<string, number>>,
): Promise<readonly string[]> {
  const tab = await browser.open(address, view);
  const problems: string[] = [];
  try {
    const seen = new Map<string, string>();
    for (const name of [...adapters.keys(), ...adapters.keys()]) {
      await until(tab, `!document.querySelector("#adapter").disabled`, "the model");
      await tab.evaluate(`(() => {
        const choice = document.querySelector("#adapter");
        choice.value = ${JSON.stringify(name)};
        choice.dispatchEvent(new Event("change"));
      })()`);
      await until(tab, `/^${name}: adapter ready/.test(document.querySelector("#status").textContent)`, name);
      const found = v.parse(rows, await tab.evaluate(readRows));
      problems.push(...scoreProblems(name, found, expected.get(name)));
      const text = JSON.stringify(found);
      if ((seen.get(name) ?? text) !== text) problems.push(`${name} has other scores the second time`);
      seen.set(name, text);
      print(`       ${String(await tab.evaluate(`document.querySelector("#status").textContent`))}`);
    }
    if (new Set(seen.values()).size < seen.size) problems.push("two adapters have the same scores");
    for (const file of ["weights.data", "encode_image.onnx", "lung.safetensors"]) {
      const times = tab.requests.filter((request) => request.endsWith(file)).length;
      if (times !== 1) problems.push(`${file} was loaded ${times} times`);
    }
    const wide = Number(
      await tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"),
    );
    if (wide > 0) problems.push(`the page is ${wide} pixels too wide`);
    const others = tab.requests.filter((request) => !request.startsWith(address) && !/^(?:data|blob):/.test(request));
    problems.push(...(await axeProblems(tab)), ...tab.problems, ...others.map((each) => `it asked for ${each}`));
    await takeScreenshot(tab, screenshots, `serving-${view.width}-${view.scheme}`, view);
    return problems;
  } finally {
    await tab.close();
  }
}

function scoreProblems(
  name: string,
  found: v.InferOutput<typeof rows>,
  expected: ReadonlyMap<string, number> | undefined,
): readonly string[] {
  if (found.length !== expected?.size) return [`${name} has ${found.length} scores`];
  return found.flatMap(([label, score]) => {
    const other = expected.get(label) ?? Number.NaN;
    return Math.abs(score - other) < tolerance ? [] : [`${name}: the score of ${label} is ${score}, not ${other}`];
  });
}

/** What axe-core finds, rule by rule. */
async function axeProblems(tab: Tab): Promise<readonly string[]> {
  await tab.evaluate(`${axe.source}; window.found = undefined; axe.run(document).then((found) => { window.found = found.violations.map(
    ({ id, nodes }) => id + ": " + nodes.slice(0, 3).map(({ html }) => html.slice(0, 120)).join(" | ")); }); 0`);
  await until(tab, "window.found !== undefined", "axe-core");
  return v.parse(v.array(v.string()), await tab.evaluate("window.found"));
}

async function until(tab: Tab, holds: string, what: string): Promise<void> {
  const end = performance.now() + 120_000;
  while ((await tab.evaluate(holds)) !== true) {
    if (performance.now() > end) {
      const status = String(await tab.evaluate(`document.querySelector("#status").textContent`));
      throw new Error(`${what} did not come: ${status}\n${tab.problems.join("\n")}`);
    }
    await wait(50);
  }
}
