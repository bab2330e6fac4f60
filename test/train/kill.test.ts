import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RunFolder } from "../../runtime/train/run-folder.ts";
import { bundle } from "../bundle.ts";
import { Random } from "../random.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-kill-"));
const script = join(folder, "save-loop.mjs");
const path = join(folder, "run");
beforeAll(() => bundle("test/train/save-loop.ts", script));
afterAll(() => rmSync(folder, { recursive: true }));

/** Lets a training save until it has said so a number of times, and then ends it after a while; gives the last step it said. */
function killAfter(saves: number, milliseconds: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, path], { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    let isAimed = false;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (isAimed || said.split("\n").length <= saves) return;
      isAimed = true;
      setTimeout(() => child.kill("SIGKILL"), milliseconds);
    });
    child.on("close", (_, signal) => {
      if (signal !== "SIGKILL") reject(new Error(`it ended by itself, with ${signal}`));
      else resolve(Number(said.split("\n").at(-2)));
    });
  });
}

test("a training that is killed ten times, at any moment, goes on from what it saved last", async () => {
  const random = new Random(3);
  let before = 0;
  let parts = 0;
  for (let kill = 0; kill < 10; kill++) {
    const saved = await killAfter(1 + random.below(10), random.below(30));
    expect(saved).toBeGreaterThan(before);
    parts += hidden().length;
    const opened = RunFolder.open(path);
    if (opened.kind !== "open") throw new Error(opened.problem.message);
    expect(hidden()).toEqual([]);
    const latest = opened.run.checkpoints.latest();
    if (latest.kind !== "found") throw new Error("it has saved");
    expect(latest.problems).toEqual([]);
    expect(latest.checkpoint.state.step).toBeGreaterThanOrEqual(saved);
    before = latest.checkpoint.state.step;
    opened.run.close();
  }
  // Some were killed within a save, or the test would show nothing.
  expect(parts).toBeGreaterThan(0);
  const steps = readFileSync(join(path, "metrics.jsonl"), "utf8")
    .split("\n")
    .flatMap((line) => (line.endsWith("}") ? [Number(/"step":(\d+)/.exec(line)?.[1])] : []));
  // Each step is there once, however often the training was ended behind it.
  expect(steps.slice(0, before)).toEqual(Array.from({ length: before }, (_, index) => index + 1));
});

/** What is half done in the folder of the run. */
function hidden(): readonly string[] {
  return [path, join(path, "checkpoints")].flatMap((each) => readdirSync(each).filter((name) => name.startsWith(".")));
}
