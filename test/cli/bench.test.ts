import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BenchReport } from "../../runtime/app/bench/report.ts";
import { loadTensorflow } from "../../runtime/backends/tensorflow/native/index.ts";
import { medctc, prepareProgram } from "./medctc.ts";

const small = "specs/medct-small.vlm";
const folder = mkdtempSync(join(tmpdir(), "medctc-bench-test-"));
const hasTensorflow = loadTensorflow().kind === "ready";

beforeAll(prepareProgram);
afterAll(() => rmSync(folder, { recursive: true }));

describe.runIf(hasTensorflow)("bench on TensorFlow", () => {
  const trace = join(folder, "traces", "step.json");
  const run = () => medctc(["bench", small, "--steps", "3", "--batch", "2", "--profile", trace, "--json"]);
  let result: ReturnType<typeof run>;
  beforeAll(() => {
    result = run();
  }, 120_000);

  test("gives times, memory and rates that can be", () => {
    expect(result.code).toBe(0);
    const found = reportOf(result.out);
    expect(found).toMatchObject({
      spec: small,
      program: "step",
      batch: 2,
      precision: "f32",
      recompute: "none",
      backend: "tensorflow",
      machine: { engine: "TensorFlow 2.21.0", device: "CPU" },
      warmup: 1,
      steps: { count: 3 },
      product: { size: 2048, dtype: "f32" },
    });
    const { firstMs, steps, memory, shareOfProduct, flops } = found;
    expect(firstMs).toBeGreaterThan(0);
    expect(steps.minMs).toBeGreaterThan(0);
    expect(steps.medianMs).toBeGreaterThanOrEqual(steps.minMs);
    expect(steps.maxMs).toBeGreaterThanOrEqual(steps.medianMs);
    expect(memory.loadedBytes).toBeGreaterThan(50 * 2 ** 20);
    expect(memory.peakBytes).toBeGreaterThanOrEqual(memory.loadedBytes);
    expect(flops).toBeGreaterThan(1e7);
    expect(shareOfProduct).toBeGreaterThan(0);
  });

  test("--profile writes a trace whose operations are those of the tables", () => {
    const { traceEvents } = traceOf(readFileSync(trace, "utf8"));
    const { profile } = reportOf(result.out);
    if (profile === null) throw new Error("there is a profile");
    expect(traceEvents.length).toBeGreaterThan(1000);
    const ms = traceEvents.reduce((sum, { dur }) => sum + dur, 0) / 1000;
    expect(ms).toBeCloseTo(profile.ms, 3);
    const last = Math.max(...traceEvents.map(({ ts, dur }) => ts + dur)) / 1000;
    expect(ms).toBeGreaterThan(0);
    expect(ms).toBeLessThanOrEqual(last);
    expect(profile.operations.map(({ name }) => name)).toEqual(expect.arrayContaining(["MatMul", "AssignVariableOp"]));
    expect(profile.modules.map(({ name }) => name)).toEqual(expect.arrayContaining(["vision/spatial", "(updates)"]));
  });

  test("says how far it is in plain lines where there is no terminal", () => {
    expect(result.err.split("\n")).toEqual(expect.arrayContaining(["loading", "first step", "step 1 of 3"]));
  });

  test("prints a screen; settings of the command replace the spec's", () => {
    const flags = [
      "--program",
      "forward",
      "--steps",
      "1",
      "--warmup",
      "0",
      "--precision",
      "bf16",
      "--recompute",
      "layers",
    ];
    const { code, out } = medctc(["bench", small, ...flags]);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^specs\/medct-small.vlm, forward, batch 3, bf16, recompute layers\nmachine .*TensorFlow 2.21.0/,
    );
    expect(out).toContain("2048 x 2048 in bf16");
  }, 120_000);
});

interface Trace {
  readonly traceEvents: readonly { readonly ts: number; readonly dur: number }[];
}

function reportOf(text: string): BenchReport {
  const value: unknown = JSON.parse(text);
  const isReport = (each: unknown): each is BenchReport => typeof each === "object" && each !== null && "steps" in each;
  if (!isReport(value)) throw new Error("bench prints a report");
  return value;
}

function traceOf(text: string): Trace {
  const value: unknown = JSON.parse(text);
  const isTrace = (each: unknown): each is Trace => typeof each === "object" && each !== null && "traceEvents" in each;
  if (!isTrace(value)) throw new Error("a trace has events");
  return value;
}

test("Ctrl-C ends both processes with 130 and leaves no files", async () => {
  const args = ["dist/medctc.js", "bench", small, "--backend", "evaluator", "--steps", "1000"];
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, TMPDIR: folder },
  });
  for await (const chunk of child.stderr) {
    if (String(chunk).includes("first step")) child.kill("SIGINT");
  }
  expect(child.exitCode ?? (await once(child, "close"))[0]).toBe(130);
  expect(readdirSync(folder).filter((name) => name.startsWith("medctc-bench-"))).toEqual([]);
}, 60_000);

test("the evaluator measures the forward pass", () => {
  const args = ["--backend", "evaluator", "--program", "forward", "--batch", "1", "--steps", "1", "--warmup", "0"];
  const { code, out } = medctc(["bench", small, ...args, "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ backend: "evaluator", steps: { count: 1 }, product: null, profile: null });
}, 60_000);

test.each([
  ["a batch of nothing", ["--batch", "0"], "whole number above 0"],
  ["a number of steps that is none", ["--steps", "many"], "whole number above 0"],
  ["a precision that there is not", ["--precision", "f16"], "Allowed choices are f32, bf16"],
  [
    "a profile of the evaluator",
    ["--backend", "evaluator", "--profile", join(folder, "no.json")],
    "the reference evaluator cannot be profiled",
  ],
])("%s is wrong usage", (_, args, expected) => {
  const { code, out, err } = medctc(["bench", small, ...args]);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toContain(expected);
});

test("a backend that is missing is one error, with the command that gets it", () => {
  const { code, err } = medctc(["bench", small, "--backend", "tensorflow"], {
    env: { MEDCTC_CACHE: join(folder, "nothing") },
  });
  expect(code).toBe(1);
  expect(err).toBe("error: native TensorFlow is not installed\n  help: run: medctc backend install\n");
});

test("the command that it starts for itself is not for users", () => {
  expect(medctc(["measure"]).code).toBe(2);
  expect(medctc(["--help"]).out).not.toMatch(/^ +measure/m);
  expect(existsSync(join(folder, "no.json"))).toBe(false);
});
