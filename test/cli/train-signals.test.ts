import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { holderOf, isRunning } from "../../runtime/files/index.ts";
import { prepareProgram, runHere } from "./medctc.ts";
import { backends, SmallTraining, start } from "./small-training.ts";

const small = new SmallTraining();
beforeAll(prepareProgram);

const often = "  evaluate_every = 5\n  save_every = 1\n";
const seldom = "  evaluate_every = 1000\n  save_every = 1000\n";

/** A training of steps in pieces that lasts long enough to be interrupted, and saves only when it has to. */
const long = small.specWith("long.vlm", often, seldom);
const steps = 120;

function commandLine(backend: string, folder: string, ...more: readonly string[]): readonly string[] {
  const [, , ...rest] = small.arguments("train", "--backend", backend, "--steps", String(steps), "-o", folder);
  return ["train", long, ...rest, ...more];
}

const adapterOf = (folder: string): Buffer => readFileSync(join(folder, "adapter.safetensors"));

describe.each(
  (
    [
      ["tensorflow", "SIGINT", 130],
      ["onnx", "SIGTERM", 143],
    ] as const
  ).filter(([name]) => backends.includes(name)),
)("on %s, %s", (backend, signal, code) => {
  const undisturbed = small.path(`undisturbed-${backend}`);
  beforeAll(async () => {
    expect((await runHere(commandLine(backend, undisturbed))).code).toBe(0);
  });

  test("saves between two steps and ends with its code; --resume goes on to the same adapters", async () => {
    const folder = small.path(`stopped-${backend}`);
    const { child, says, end } = start(commandLine(backend, folder));
    await says(/^step 1\//m);
    child.kill(signal);
    const ended = await end;
    expect(ended).toMatchObject({ code, signal: null });
    const step = Number(/^stopped after step (\d+) of 120, which is saved; resume with/m.exec(ended.err)?.[1]);
    expect(step).toBeGreaterThan(0);
    expect(step).toBeLessThan(steps);
    expect(readdirSync(join(folder, "checkpoints"))).toContain(`step-${String(step).padStart(8, "0")}`);
    expect(readdirSync(folder).filter((name) => name.startsWith(".") || name === "run.lock")).toEqual([]);
    const resumed = await runHere(commandLine(backend, folder, "--resume"));
    expect(resumed.code).toBe(0);
    expect(resumed.err).toContain(`resuming from step ${step} of 120`);
    expect(adapterOf(folder).equals(adapterOf(undisturbed))).toBe(true);
  });

  test("in the first evaluation ends it, and the next start comes to the same adapters", async () => {
    const folder = small.path(`evaluating-${backend}`);
    const { child, says, end } = start(commandLine(backend, folder));
    await says(/^evaluating/m);
    child.kill(signal);
    const ended = await end;
    expect(ended).toMatchObject({ code, signal: null });
    // The evaluation may have been over when the signal came.
    expect(ended.err).toMatch(
      /^stopped (before anything was saved; start it again|after step \d+ of 120, which is saved)/m,
    );
    expect((await runHere(commandLine(backend, folder, "--resume"))).code).toBe(0);
    expect(adapterOf(folder).equals(adapterOf(undisturbed))).toBe(true);
  });
});

test("a signal while a training is loaded ends it before it begins", async () => {
  const { child, says, end } = start(commandLine("onnx", small.path("loading")));
  await says(/^building/m);
  child.kill("SIGTERM");
  const ended = await end;
  expect(ended).toMatchObject({ code: 143, signal: null });
  expect(ended.err).toContain("stopped before anything was saved; start it again\n");
});

test("SIGHUP, as of a terminal that is closed, saves as SIGTERM does", async () => {
  const folder = small.path("hung-up");
  const { child, says, end } = start(commandLine("onnx", folder));
  await says(/^step 1\//m);
  child.kill("SIGHUP");
  const ended = await end;
  expect(ended).toMatchObject({ code: 129, signal: null });
  expect(ended.err).toMatch(/^stopped after step \d+ of 120, which is saved; resume with/m);
});

/** The process that trains, which the one that was started watches over. */
function trainerOf(folder: string): number {
  const holder = holderOf(join(folder, "run.lock"));
  if (holder === null) throw new Error("nobody trains");
  return holder.pid;
}

describe("a process that trains and hears nothing, as while TensorFlow builds, loads or steps", () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "the first %s is answered within a second, the second ends it at once",
    async (signal) => {
      const folder = small.path(`deaf-${signal}`);
      const { child, says, end } = start(commandLine("onnx", folder));
      await says(/^step 1\//m);
      const trainer = trainerOf(folder);
      process.kill(trainer, "SIGSTOP");
      const first = performance.now();
      child.kill(signal);
      await says(/^stopping after this step; press Ctrl-C again to exit now$/m);
      expect(performance.now() - first).toBeLessThan(1000);
      const second = performance.now();
      child.kill(signal);
      expect(await end).toMatchObject({ code: null, signal });
      expect(performance.now() - second).toBeLessThan(1000);
      expect(isRunning(trainer)).toBe(false);
      if (signal !== "SIGINT") return;
      // What was saved is whole, and nothing is left that keeps the next start from going on.
      expect((await runHere(commandLine("onnx", folder, "--resume"))).code).toBe(0);
    },
  );

  test("is ended with the process that watches over it, when that is killed", async () => {
    const folder = small.path("orphan");
    const { child, says, end } = start(commandLine("onnx", folder));
    await says(/^step 1\//m);
    expect(holderOf(join(folder, "run.lock"))).not.toBeNull();
    child.kill("SIGKILL");
    // Its standard error is the trainer's too, and is closed by both.
    expect(await end).toMatchObject({ code: null, signal: "SIGKILL" });
    await expect.poll(() => holderOf(join(folder, "run.lock"))).toBeNull();
  });

  test.runIf(backends.includes("tensorflow"))("in TensorFlow's own calls too", async () => {
    const { child, says, end } = start(commandLine("tensorflow", small.path("in-tensorflow")));
    await says(/^loading/m);
    child.kill("SIGINT");
    await setTimeout(300);
    const second = performance.now();
    child.kill("SIGINT");
    await end;
    expect(performance.now() - second).toBeLessThan(1000);
  });
});

test("a second signal ends it at once, in the midst of a step", async () => {
  // A step of it takes a second and more.
  const text = readFileSync("test/train/tiny.vlm", "utf8")
    .replace("volume = [4, 12, 12]", "volume = [40, 96, 96]")
    .replace("size = [4, 12, 12]", "size = [40, 96, 96]")
    .replace("spacing = [90, 30, 30]", "spacing = [9, 4, 4]")
    .replace("spatial_depth = 1", "spatial_depth = 4")
    .replace("  batch = 4\n  micro_batch = 2\n", "  batch = 8\n")
    .replace(often, seldom);
  const slow = small.write("slow.vlm", text.slice(0, text.indexOf("eval {")));
  const folder = small.path("slow");
  const [, , ...rest] = small.arguments("train", "--steps", "50", "-o", folder);
  const { child, says, end } = start(["train", slow, ...rest]);
  await says(/^step 1\//m);
  // The next step is begun then.
  await setTimeout(200);
  child.kill("SIGINT");
  await setTimeout(300);
  child.kill("SIGINT");
  const ended = await end;
  expect(ended).toMatchObject({ code: null, signal: "SIGINT" });
  expect(ended.err).not.toContain("stopped");
  // It gives back what it holds where the step leaves it the time to; else the next start does, as after a kill.
  const written = readdirSync(folder).filter((name) => name !== ".work" && name !== "run.lock");
  // The loss on held-out data was measured before the first step.
  expect(written).toEqual(["checkpoints", "evaluations", "events", "metrics.jsonl", "run.json"]);
});

test("a signal ends `eval`, which then writes nothing", async () => {
  const results = small.path("results");
  const { child, says, end } = start(small.arguments("eval", "--split", "all", "-o", results));
  await says(/^building/m);
  child.kill("SIGTERM");
  const { code, err } = await end;
  expect(code).toBe(143);
  expect(err).toContain("stopped; nothing was written\n");
  expect(existsSync(results)).toBe(false);
});
