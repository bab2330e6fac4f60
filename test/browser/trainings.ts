import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import axe from "axe-core";
import * as v from "valibot";
import { writeDataset } from "../../runtime/data/synth/index.ts";
import { writeRecord } from "../../runtime/train/index.ts";
import { print } from "../print.ts";
import { type Chromium, findChromium } from "./chromium.ts";
import { Browser, type Tab, type View } from "./devtools.ts";
import { takeScreenshot } from "./screenshot.ts";

/**
 * Opens the page of `medctc serve` in Chromium as a desk and as a phone show it, light and dark, while runs grow: curves, steps and
 * the time left change, nothing is asked of anybody else, and axe-core finds nothing. Trains the small spec, too. With a folder
 * as its argument it also leaves screenshots there.
 */
const [screenshots] = process.argv.slice(2);
const program = resolve("dist/medctc.js");
const views: readonly View[] = [
  { width: 1440, height: 900, scheme: "light" },
  { width: 1440, height: 900, scheme: "dark" },
  { width: 390, height: 844, scheme: "light" },
  { width: 390, height: 844, scheme: "dark" },
];

/** What a page that is watched says at a moment. */
const seenSchema = v.object({
  status: v.string(),
  growing: v.string(),
  line: v.string(),
  figures: v.number(),
  wide: v.number(),
  marked: v.boolean(),
});

const look = `(() => {
  const row = [...document.querySelectorAll(".runs tbody tr")].find((each) => each.textContent.startsWith("growing"));
  return {
    status: document.querySelector("#status").textContent,
    growing: row?.textContent ?? "",
    line: document.querySelector("#curves path[stroke-width='2']")?.getAttribute("d") ?? "",
    figures: document.querySelectorAll("#curves figure").length,
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    marked: document.body.innerHTML.includes("<img") || document.querySelector("script:not([src])") !== null,
  };
})()`;

const chromium = findChromium();
if (chromium.kind === "found") await openAll(chromium);
else print(`SKIPPED: no page was opened in a browser, for there is no Chromium: ${chromium.why}`);

async function openAll(found: Chromium): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "medctc-trainings-"));
  const runs = join(folder, "runs");
  writeRuns(runs);
  const browser = new Browser(found);
  const server = spawn(process.execPath, [program, "serve", runs], { stdio: ["ignore", "pipe", "inherit"] });
  const stopGrowing = grow(join(runs, "growing"));
  try {
    const address = await addressOf(server);
    for (const view of views) report(`${view.width} ${view.scheme}`, await watchGrowing(browser, address, view));
    report("a real training", await watchTraining(browser, address, folder, runs));
  } finally {
    stopGrowing();
    server.kill("SIGINT");
    await browser.close();
    rmSync(folder, { recursive: true });
  }
}

function report(name: string, problems: readonly string[]): void {
  print(`${problems.length === 0 ? "fine" : "WRONG"}  ${name}`);
  for (const problem of problems.slice(0, 20)) print(`       ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}

async function watchGrowing(browser: Browser, address: string, view: View): Promise<readonly string[]> {
  const tab = await browser.open(address, view);
  const problems: string[] = [];
  try {
    await until(tab, "document.querySelectorAll('#curves figure').length > 3", "curves");
    await tab.evaluate(`for (const box of document.querySelectorAll(".runs input:not(:checked)")) box.click()`);
    await until(tab, "document.querySelectorAll('#results table').length > 1", "the tables");
    const before = v.parse(seenSchema, await tab.evaluate(look));
    await wait(3000);
    const after = v.parse(seenSchema, await tab.evaluate(look));
    if (!/running\d+ of 400/.test(after.growing)) problems.push(`the row is ${after.growing}`);
    if (before.growing === after.growing) problems.push("the row did not change");
    if (before.line === "" || before.line === after.line) problems.push("the curve did not change");
    if (after.wide > 0) problems.push(`the page is ${after.wide} pixels too wide`);
    if (after.marked) problems.push("a name became markup");
    if (!after.status.includes("1 running")) problems.push(`the status is ${after.status}`);
    problems.push(...(await axeProblems(tab)));
    await takeScreenshot(tab, screenshots, `trainings-${view.width}-${view.scheme}`, view);
    await tab.evaluate(`for (const box of document.querySelectorAll("#controls input")) box.click();
      for (const each of document.querySelectorAll("#curves details")) each.open = true;`);
    await until(tab, "document.querySelectorAll('#curves details table').length > 3", "the numbers");
    const wide = Number(
      await tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"),
    );
    if (wide > 0) problems.push(`with its numbers the page is ${wide} pixels too wide`);
    problems.push(...(await axeProblems(tab)));
    await takeScreenshot(tab, screenshots, `numbers-${view.width}-${view.scheme}`, view);
    return [...problems, ...complaints(tab, address)];
  } finally {
    await tab.close();
  }
}

/** What axe-core finds, rule by rule. */
async function axeProblems(tab: Tab): Promise<readonly string[]> {
  await tab.evaluate(`${axe.source}; window.found = undefined; axe.run(document).then((found) => { window.found = found.violations.map(
    ({ id, nodes }) => id + ": " + nodes.slice(0, 3).map(({ html }) => html.slice(0, 120)).join(" | ")); }); 0`);
  await until(tab, "window.found !== undefined", "axe-core");
  return v.parse(v.array(v.string()), await tab.evaluate("window.found"));
}

/** What the browser complains of, and requests that are not for the page's own. */
function complaints(tab: Tab, address: string): readonly string[] {
  const others = tab.requests.filter((request) => !request.startsWith(address) && !request.startsWith("data:"));
  return [...tab.problems, ...others.map((request) => `it asked for ${request}`)];
}

/** Trains the small spec into the folder that is watched, until the page says that it is finished. */
async function watchTraining(
  browser: Browser,
  address: string,
  folder: string,
  runs: string,
): Promise<readonly string[]> {
  const data = join(folder, "ct");
  writeDataset(data, { pairs: 8, valid: 6, seed: 1 }, () => undefined);
  const view = { width: 1440, height: 900, scheme: "light" };
  const tab = await browser.open(address, view);
  const words = ["train", "test/train/tiny.vlm", "--data", data, "--cache", join(folder, "cache"), "--backend", "onnx"];
  const command = [program, ...words, "-o", join(runs, "trained")];
  const training = spawn(process.execPath, command, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  training.stderr.on("data", (piece: Buffer) => {
    said += piece.toString();
  });
  const row = `[...document.querySelectorAll(".runs tbody tr")].find((each) => each.textContent.startsWith("trained"))`;
  try {
    const state = `${row}?.querySelector(".state")?.textContent`;
    const saying = (what: string) => () => `${what}: its state is ${String(training.exitCode)}, and it said\n${said}`;
    // Beside other work a page may hear of a short training only when that is over.
    await until(tab, `["running", "finished"].includes(${state})`, saying("the training"));
    await until(tab, `${state} === "finished"`, saying("its end"));
    await tab.evaluate(`for (const box of document.querySelectorAll(".runs input:checked")) box.click()`);
    await tab.evaluate(`${row}.querySelector("input").click()`);
    await until(tab, `document.querySelector("#results a[href^='/pages/']") !== null`, "its report");
    const report = String(await tab.evaluate(`document.querySelector("#results a[href^='/pages/']").href`));
    const problems = await reportProblems(browser, report, address);
    await takeScreenshot(tab, screenshots, "trained-1440-light", view);
    return [...problems, ...complaints(tab, address)];
  } finally {
    training.kill();
    await tab.close();
  }
}

/** A report is shown as it is, in its own style. */
async function reportProblems(browser: Browser, report: string, address: string): Promise<readonly string[]> {
  const tab = await browser.open(report, { width: 1440, height: 900, scheme: "light" });
  try {
    const isStyled = await tab.evaluate("getComputedStyle(document.querySelector('.tiles')).display === 'grid'");
    return [...(isStyled === true ? [] : ["the report has lost its style"]), ...complaints(tab, address)];
  } finally {
    await tab.close();
  }
}

async function until(tab: Tab, holds: string, what: string | (() => string)): Promise<void> {
  const end = performance.now() + 120_000;
  while ((await tab.evaluate(holds)) !== true) {
    if (performance.now() > end) throw new Error(`did not come: ${typeof what === "string" ? what : what()}`);
    await wait(50);
  }
}

function addressOf(server: ChildProcess): Promise<string> {
  return new Promise((keep, refuse) => {
    server.once("exit", () => refuse(new Error("medctc serve has ended")));
    server.stdout?.setEncoding("utf8").once("data", (text: string) => keep(text.trim()));
  });
}

/** A step as a training logs it. */
function stepLine(step: number, speed: number): string {
  const loss = 0.2 + 1.3 * Math.exp(-step / (120 * speed)) + 0.05 * Math.sin(step * 1.7);
  return `${JSON.stringify({
    step,
    epoch: Math.floor(step / 50),
    loss,
    gradient_norm: 2 + 8 * Math.exp(-step / 60) + Math.abs(Math.sin(step * 2.3)),
    learning_rate: 1e-3 * Math.min(1, step / 40),
    accuracy: 1 - loss / 2,
    seconds: 0.2,
  })}\n`;
}

/** Runs of every state: one that goes on, some that are done, one that failed, a long one, and one with a name that is hostile. */
function writeRuns(runs: string): void {
  const text = "train {\n  lr = 1e-3\n  batch = 8\n}\n";
  const record = {
    ...{ medctc: "0.1.0", spec: "specs/medct.vlm", text, backend: "onnx", precision: "f32", seed: 1, batch: 8 },
    ...{ steps: 400, stepsPerEpoch: 50, parameters: null, times: null, startedAt: new Date().toISOString() },
  };
  const at = record.startedAt;
  const make = (name: string, steps: number, speed: number): string => {
    const folder = join(runs, name);
    mkdirSync(folder, { recursive: true });
    const lines = Array.from({ length: steps }, (_, step) => stepLine(step + 1, speed));
    writeFileSync(join(folder, "metrics.jsonl"), lines.join(""));
    return folder;
  };
  const growing = make("growing", 20, 1);
  writeRecord(growing, { ...record, end: null });
  mkdirSync(join(growing, "run.lock"));
  const holder = { pid: process.pid, host: hostname(), started: null };
  writeFileSync(join(growing, "run.lock/holder.json"), JSON.stringify(holder));
  for (const [name, speed] of [
    ["sweep/runs/rank-8/seed-1", 0.7],
    ["sweep/runs/rank-24/seed-1", 1.4],
  ] as const) {
    const folder = make(name, 400, speed);
    writeRecord(folder, {
      ...record,
      text: text.replace("1e-3", `${speed}e-3`),
      end: { kind: "done", at, problems: [] },
    });
    mkdirSync(join(folder, "evaluations"));
    for (const step of [0, 200, 400]) {
      const validation = { examples: 6, values: [["loss", 0.3 + 1.3 * Math.exp(-step / (120 * speed))]] };
      writeFileSync(
        join(folder, `evaluations/step-${String(step).padStart(8, "0")}.json`),
        JSON.stringify({ validation }),
      );
    }
  }
  const long = make("long", 20_000, 60);
  writeRecord(long, { ...record, steps: 20_000, end: { kind: "stopped", at, problems: [] } });
  const failed = make("<img src=x onerror=alert(1)>", 60, 2);
  const problem = { subject: "", message: "the loss of step 61 is NaN", help: "use a lower learning rate" };
  writeRecord(failed, { ...record, end: { kind: "failed", at, problems: [problem] } });
  cpSync(failed, join(runs, "seeds \u202e\u0007 & <b>bold</b>"), { recursive: true });
}

/** Adds steps as a training does, the last line of each moment in two parts; gives what ends it. */
function grow(folder: string): () => void {
  let step = 20;
  let cut = "";
  const timer = setInterval(() => {
    step++;
    const line = stepLine(step, 1);
    appendFileSync(join(folder, "metrics.jsonl"), cut + line.slice(0, 30));
    cut = line.slice(30);
  }, 100);
  return () => clearInterval(timer);
}
