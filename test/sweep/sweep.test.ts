import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, expect, test } from "vitest";
import { medctc, prepareProgram, type Run } from "../cli/medctc.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-sweep-"));
const program = resolve("dist/medctc.js");
afterAll(() => rmSync(folder, { recursive: true }));

const head = `spec: spec.vlm
data: ct
steps: 4
`;
const placements = `placements:
  q: lora(rank = 2) on text.attn.q, heads.image
  ia3: ia3() on text.attn.kv
`;

function sweep(text: string, output: string, ...more: readonly string[]): Run {
  writeFileSync(join(folder, "sweep.yaml"), text);
  return medctc(["sweep", join(folder, "sweep.yaml"), "-o", join(folder, output), ...given, ...more]);
}

const given = ["--cache", join(folder, "cache")];
const fileOf = (...path: readonly string[]): Buffer => readFileSync(join(folder, ...path));

beforeAll(() => {
  prepareProgram();
  expect(medctc(["data", "synth", join(folder, "ct"), "--pairs", "6", "--valid", "8"]).code).toBe(0);
  const spec = readFileSync("specs/medct-small.vlm", "utf8");
  writeFileSync(join(folder, "spec.vlm"), spec.replace("lr = 1e-3", "lr = 1e-1"));
  const ran = sweep(`${head}${placements}`, "whole");
  expect(`${ran.code} ${ran.err}`).toMatch(/^0 /);
});

test("a sweep comes to what trainings by hand come to, bit for bit", () => {
  const spec = join(folder, "whole/runs/q/spec.vlm");
  const words = ["train", spec, "--data", join(folder, "ct"), ...given, "-o", join(folder, "alone"), "--seed", "7"];
  const alone = medctc(words);
  expect(alone.code).toBe(0);
  const files = ["adapter.safetensors", "evaluations/step-00000004.json"];
  for (const file of files) expect(fileOf("alone", file).equals(fileOf("whole/runs/q/seed-7", file))).toBe(true);
  const [columns = [], first = []]: string[][] = parse(fileOf("whole/results.csv"));
  const shown = /mean AUROC +([\d.]+)/.exec(alone.out)?.[1];
  expect(Number(first[columns.indexOf("mean_auroc")]).toFixed(3)).toBe(shown);
});

test("a sweep that was ended by Ctrl-C, and then killed with its trainings, goes on and comes to the same table", async () => {
  const output = join(folder, "ended");
  const words = [program, "sweep", join(folder, "sweep.yaml"), "-o", output, ...given, "--jobs", "1"];
  const stopped = spawn(process.execPath, words, { stdio: ["ignore", "ignore", "pipe"] });
  let err = "";
  stopped.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const stoppedWith = new Promise((end) => stopped.on("close", end));
  const [first, second] = ["q", "ia3"].map((name) => join(output, "runs", name, "seed-7/run.lock/holder.json"));
  // From then on it hears of signals.
  await seen(join(output, "runs/q/seed-7/metrics.jsonl"));
  stopped.kill("SIGINT");
  expect(await stoppedWith).toBe(130);
  expect(err).toContain("the same command resumes");
  expect(existsSync(first ?? "")).toBe(false);

  const killed = spawn(process.execPath, words, { stdio: "ignore" });
  const ended = new Promise((end) => killed.on("close", end));
  await seen(second ?? "");
  killed.kill("SIGKILL");
  await ended;
  const holder: unknown = JSON.parse(readFileSync(second ?? "", "utf8"));
  const pid = typeof holder === "object" && holder !== null && "pid" in holder ? Number(holder.pid) : 0;
  process.kill(pid, "SIGKILL");
  const again = medctc(words.slice(1));
  expect(again.err).toContain("1 of 2 runs are already done\n");
  expect(again.code).toBe(0);
  for (const file of ["results.csv", "results.json"]) {
    expect(fileOf("ended", file).equals(fileOf("whole", file))).toBe(true);
  }
});

test("a changed sweep trains what changed, keeps what is the same, and one run that fails ends no other", () => {
  cpSync(join(folder, "whole"), join(folder, "changed"), { recursive: true });
  const kept = statSync(join(folder, "changed/runs/q/seed-7/report.html")).mtimeMs;
  const ran = sweep(
    `${head}placements:
  q: lora(rank = 2) on text.attn.q, heads.image
  ia3: ia3() on text.attn.kv, vision.attn.kv
runs:
  - {name: explodes, settings: {train.optimizer: "sgd(lr = 1e38)", train.clip_norm: 1e38}}
  - {placement: q}
  - {placement: ia3}
`,
    "changed",
  );
  expect(ran.err).toContain("1 of 3 runs are already done\n");
  expect(statSync(join(folder, "changed/runs/q/seed-7/report.html")).mtimeMs).toBe(kept);
  expect(ran.err).toMatch(
    /note: .*runs\/ia3 was trained with a different spec; it was moved to .*replaced\/ia3-1 and is trained again/,
  );
  expect(readdirSync(join(folder, "changed/replaced/ia3-1/seed-7"))).toContain("adapter.safetensors");
  expect(ran.out).toMatch(/^ia3 .* done$/m);
  expect(ran.code).toBe(1);
  expect(ran.err).toContain("error: explodes, seed 7: exit status 1\n");
  expect(ran.err).toMatch(/failed: explodes, seed 7\n(?: {2}\| .*\n)* {2}\| error: the loss of step \d is/);
});

test("nothing is started where an entry is wrong, and the entry is named", () => {
  const ran = sweep(
    `${head}placements:\n  right: lora(rank = 1) on text.attn.q\n  wrong: lora(rank = 1) on text.attn.qq\n`,
    "none",
  );
  expect(ran.code).toBe(1);
  expect(ran.err).toMatch(/^entry wrong:\nerror\[E\d+\]/);
  expect(ran.err).toContain("1 of 2 entries cannot be trained; nothing was started");
  expect(existsSync(join(folder, "none"))).toBe(false);
});

test("jobs are written with paths from the sweep's folder, also where the data are not", () => {
  const ran = sweep(
    `${head.replace("data: ct", "data: elsewhere")}${placements}seeds: [1, 2]\n`,
    "jobs",
    "--emit-jobs",
    "slurm",
  );
  expect(ran.code).toBe(0);
  const script = fileOf("jobs/jobs/array.sh").toString();
  expect(script).toMatch(/^MEDCTC_DATA=.*:-\.\.\/elsewhere\}$/m);
  expect(script).not.toContain(folder);
  expect(fileOf("jobs/jobs/runs.tsv").toString().split("\n")).toHaveLength(5);
  const collected = medctc(["sweep", "collect", join(folder, "jobs"), "--json"]);
  expect(collected.code).toBe(1);
  expect(JSON.parse(collected.out)).toHaveLength(4);
  expect(collected.err).toContain("missing: ia3, seed 2\n");
});

/** Waits for a file. */
async function seen(path: string): Promise<void> {
  while (!existsSync(path)) await new Promise((go) => setTimeout(go, 10));
}
