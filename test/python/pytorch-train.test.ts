import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import * as v from "valibot";
import { beforeAll, expect, test } from "vitest";
import { decodeStepEvaluation } from "../../runtime/evaluate/index.ts";
import { readFileText } from "../../runtime/files/index.ts";
import { elementsOf, readSafetensors } from "../../runtime/weights/index.ts";
import { prepareProgram } from "../cli/medctc.ts";
import { backends, SmallTraining, type Started, start } from "../cli/small-training.ts";
import { pythonWithPeft } from "./environment.ts";

const training = new SmallTraining();
/** Without dropout, whose numbers are drawn by piece, and as long whatever a command asks for. */
const spec = training.write(
  "plain.vlm",
  readFileSync(training.spec, "utf8")
    .replace(", dropout = 0.1", "")
    .replace("epochs = 6", "steps = 40")
    .replace("evaluate_every = 5", "evaluate_every = 100"),
);
const python = pythonWithPeft();
/** In the environment of every process that this file starts. */
const mark = randomUUID();
process.env["MEDCTC_TEST"] = mark;
/** The fastest of those that run graphs. */
const [graphs = "onnx"] = backends;

function train(name: string, ...more: readonly string[]): Started {
  const given = ["--data", training.data, "--cache", training.path("cache"), "--workers", "1"];
  return start(["train", spec, ...given, "-o", training.path(name), ...more]);
}

function onPytorch(name: string, processes: number, ...more: readonly string[]): Started {
  return train(name, "--backend", "pytorch", "--python", python, "--processes", String(processes), ...more);
}

async function done(...all: readonly Started[]): Promise<void> {
  for (const { end } of all) {
    const { code, err } = await end;
    expect(code, err).toBe(0);
  }
}

function lossesOf(name: string): readonly number[] {
  const lines = readFileSync(join(training.path(name), "metrics.jsonl"), "utf8")
    .trimEnd()
    .split("\n");
  return lines.map((each) => v.parse(v.object({ loss: v.number() }), JSON.parse(each)).loss);
}

/** The scores of all evaluations of a run, and the loss on held-out data, one after the other. */
function evaluationsOf(name: string): readonly number[] {
  const folder = join(training.path(name), "evaluations");
  return readdirSync(folder)
    .sort()
    .flatMap((file) => {
      const kept = decodeStepEvaluation(readFileText(join(folder, file)));
      const loss = kept?.loss?.values.get("loss") ?? Number.NaN;
      return [...(kept?.scores?.scores.flatMap((row) => Array.from(row)) ?? []), loss];
    });
}

function adapterOf(name: string): ReadonlyMap<string, Float64Array> {
  const path = join(training.path(name), "adapter.safetensors");
  return new Map([...readSafetensors(path, readFileSync(path))].map(([key, tensor]) => [key, elementsOf(tensor)]));
}

function largest(a: readonly number[], b: readonly number[]): number {
  expect(a).toHaveLength(b.length);
  expect(a).not.toEqual([]);
  return a.reduce((most, value, place) => Math.max(most, Math.abs(value - (b[place] ?? Number.NaN))), 0);
}

/** Waits until a run has done so many steps. */
async function until(name: string, steps: number): Promise<void> {
  const path = join(training.path(name), "metrics.jsonl");
  while (!existsSync(path) || readFileSync(path, "utf8").split("\n").length <= steps) await wait(10);
}

beforeAll(prepareProgram);

test("1, 2 and 3 processes, in pieces or not, and two machines, train and evaluate alike, and as ONNX Runtime does", async () => {
  const short = ["--steps", "3"];
  await done(onPytorch("one", 1, ...short, "--set", "train.micro_batch=4"));
  await done(onPytorch("two", 2, ...short, "--set", "train.micro_batch=1"));
  await done(onPytorch("three", 3, ...short));
  const machines = ["--nodes", "2", "--rendezvous", `127.0.0.1:${await freePort()}`];
  await done(...[0, 1].map((rank) => onPytorch("machines", 1, ...short, ...machines, "--node-rank", String(rank))));
  for (const other of ["two", "three", "machines"]) {
    expect(largest(lossesOf("one"), lossesOf(other)), other).toBeLessThan(1e-6);
    expect(largest(evaluationsOf("one"), evaluationsOf(other)), other).toBeLessThan(1e-5);
  }
  await done(train("onnx", "--backend", "onnx", ...short));
  expect(largest(lossesOf("one"), lossesOf("onnx"))).toBeLessThan(1e-4);
  expect(largest(evaluationsOf("one"), evaluationsOf("onnx"))).toBeLessThan(1e-4);
});

test("a run goes on from a backend of graphs on PyTorch, and back, as on one of them", async () => {
  await done(train("mixed", "--backend", graphs, "--steps", "2"));
  const { end } = onPytorch("mixed", 2, "--steps", "4", "--resume");
  expect((await end).err).toContain(`this run was trained on ${graphs}; resuming on pytorch`);
  await done(train("mixed", "--backend", graphs, "--steps", "6", "--resume"));
  await done(train("plain", "--backend", graphs, "--steps", "6"));
  expect(largest(lossesOf("plain"), lossesOf("mixed"))).toBeLessThan(1e-4);
  const mixed = adapterOf("mixed");
  for (const [name, values] of adapterOf("plain"))
    expect(largest([...values], [...(mixed.get(name) ?? [])]), name).toBeLessThan(1e-4);
});

test("SIGTERM saves; killed, or with a process killed, it leaves none behind; resumed, it ends bit for bit the same", async () => {
  const undisturbed = onPytorch("undisturbed", 2);
  await done(undisturbed);
  const stopped = onPytorch("killed", 2);
  await until("killed", 3);
  stopped.child.kill("SIGTERM");
  const ended = await stopped.end;
  expect(ended.code).toBe(143);
  expect(ended.err).toContain("which is saved");
  const killed = onPytorch("killed", 2, "--resume");
  await until("killed", 8);
  killed.child.kill("SIGKILL");
  await killed.end;
  await gone();
  const wounded = onPytorch("killed", 2, "--resume");
  await until("killed", 14);
  const worker = workers().at(-1);
  if (worker === undefined) throw new Error("workers run");
  process.kill(worker, "SIGKILL");
  const { code, err } = await wounded.end;
  expect(code).toBe(1);
  expect(err).toMatch(/PyTorch failed to run step: process \d of 2 ended, most likely out of memory/);
  await gone();
  await done(onPytorch("killed", 2, "--resume"));
  expect(adapterOf("killed")).toEqual(adapterOf("undisturbed"));
});

/** The processes that run a package for this file: another one, beside it, has workers of the same Python. */
function workers(): readonly number[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    const words = wordsIn(`/proc/${pid}/cmdline`);
    const isWorker = words[0] === python && words.some((word) => word.startsWith("medctc_model."));
    return isWorker && wordsIn(`/proc/${pid}/environ`).includes(`MEDCTC_TEST=${mark}`) ? [Number(pid)] : [];
  });
}

function wordsIn(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").split("\0");
  } catch {
    return [];
  }
}

/** Waits until none of them runs any more. */
async function gone(): Promise<void> {
  while (workers().length > 0) await wait(50);
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("it listens on a port");
  return address.port;
}
