import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { compileSpec, firstValuesOf } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { type Engine, EngineError, type Launch, openableFor, openModel } from "../../runtime/backends/index.ts";
import { pytorch } from "../../runtime/backends/pytorch/backend.ts";
import { FollowedRows } from "../../runtime/backends/pytorch/rows.ts";
import { ModelInputs } from "../../runtime/backends/pytorch/tensors.ts";
import { Workers } from "../../runtime/backends/pytorch/workers.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { readSafetensors } from "../../runtime/weights/index.ts";
import { FakeWorker } from "./fake-worker.ts";

const text = `import "std/bert"
import "std/contrastive"
import "std/heads"
import "std/lora"
model m {
  encoder text = bert(vocab = 20, dim = 8, layers = 1, heads = 2, ff = 8, positions = 8, length = 4)
  let a = text.hidden |> cls |> l2_normalize
  freeze text
  lora(rank = 2) on text.attn.q,v
  loss contrastive(a, a)
}
train { batch = 5, ema = 0.9, seed = 3 }
eval {
  image = a
  text = a
}
`;
const { spec, plan } = modelOf(text);

/** The same with a head on volumes. */
const classifier = modelOf(
  text
    .replace(/^/, 'import "std/linear"\n')
    .replace("  freeze text", '  let seen = rearrange(ct, "b c d h w -> b (c d h w)") |> linear(2)\n  freeze text')
    .replace("model m {", "model m {\n  input ct: f32[batch, 1, 2, 2, 2] = volume(size = [2, 2, 2])")
    .replace(/eval \{[^}]*/, 'eval { image = seen, classes = ["b", "c"], tasks = [classify(seen, name = "head")]\n'),
);

function modelOf(written: string) {
  const compiled = compileSpec(createSource("m.vlm", written), new SpecLibrary("specs/std", "m.vlm"));
  if (compiled.spec === null || compiled.plan === null) throw new Error("the spec compiles");
  return { spec: compiled.spec, plan: compiled.plan };
}

const { path: trained = "", checkpoint = "", shape = [] } = plan.parameters.find(({ trainable }) => trainable) ?? {};

const root = mkdtempSync(join(tmpdir(), "medctc-link-"));
afterAll(() => rmSync(root, { recursive: true }));
let folder = root;
let sockets = 0;
beforeEach(() => {
  folder = mkdtempSync(join(root, "run-"));
});

function launchOf(
  processes: number,
  machines = { count: 1, rank: 0 },
): Launch & { readonly by: { readonly kind: "attached" } } {
  return { processes, machines, by: { kind: "attached", socket: join(root, `link-${sockets++}`) } };
}

/** An engine whose workers are fake. */
async function opened(
  processes: number,
  model = { spec, plan },
): Promise<{ readonly engine: Engine; readonly workers: readonly FakeWorker[]; readonly weights: string }> {
  const launch = launchOf(processes);
  const openable = openableFor("train", model, pytorch, launch);
  if (openable.runs !== "models") throw new Error("PyTorch runs models");
  const opening = openModel(openable, firstValuesOf(model.spec.parameters, 3), folder);
  const workers: FakeWorker[] = [];
  for (let rank = 0; rank < processes; rank++)
    workers.push(await FakeWorker.connect(launch.by.socket, rank, processes));
  const { header } = await at(workers, 0).next();
  expect(header).toMatchObject({ kind: "open", seed: 3, steps: null, steps_per_epoch: null });
  at(workers, 0).say({ kind: "done" });
  return { engine: await opening, workers, weights: String(header["weights"]) };
}

function at(workers: readonly FakeWorker[], rank: number): FakeWorker {
  const worker = workers[rank];
  if (worker === undefined) throw new Error("there is no such worker");
  return worker;
}

const size = { step: 7, batch: 5, microBatch: 5 };
/** Rows whose every token is the number of the row. */
const inputs = {
  rows: (from: number, count: number) => {
    const ids = Int32Array.from({ length: 4 * count }, (_, index) => from + Math.floor(index / 4));
    return Promise.resolve(
      new Map([
        ["input_ids", ids],
        ["attention_mask", new Int32Array(4 * count).fill(1)],
      ]),
    );
  },
  shared: new Map(),
};
const result = { loss: 1, gradient_norm: 2, learning_rate: 3, metrics: { top1: 4 } };

async function problemOf(
  failing: Promise<unknown>,
): Promise<{ readonly message: string; readonly help: string | null }> {
  const error: unknown = await failing.then(
    () => null,
    (caught: unknown) => caught,
  );
  if (!(error instanceof EngineError)) throw new Error(`not the error of an engine: ${String(error)}`);
  return error.problem;
}

test("workers get the weights by their names in checkpoints, and end when the engine is disposed of", async () => {
  const { engine, workers, weights } = await opened(2);
  const written = readSafetensors(weights, readFileSync(weights));
  expect([...written.keys()].sort()).toEqual(
    [...plan.parameters, ...plan.buffers].map((each) => each.checkpoint).sort(),
  );
  expect(statSync(weights).mode & 0o777).toBe(0o600);
  expect(engine.device).toBe("2.15.0 on CPU, 2 processes");
  const ended = engine.dispose();
  expect((await at(workers, 0).next()).header).toMatchObject({ kind: "quit" });
  await ended;
  await Promise.all(workers.map(({ closed }) => closed));
});

test("each worker asks for rows of its own, in any order, and the first one says what came of the step", async () => {
  const { engine, workers } = await opened(2);
  const stepping = engine.whole?.step(inputs, size, () => false);
  expect((await at(workers, 0).next()).header).toMatchObject({ kind: "step", step: 7, batch: 5, micro: 5 });
  const second = at(workers, 1).rows(7, 3, 2);
  const first = at(workers, 0).rows(7, 0, 3);
  expect((await second).header).toMatchObject({
    kind: "rows",
    tensors: [
      { name: "input_ids", dtype: "i32", shape: [2, 4] },
      { name: "attention_mask", dtype: "i32", shape: [2, 4] },
    ],
  });
  expect([...((await second).tensors.get("input_ids") ?? [])]).toEqual([3, 3, 3, 3, 4, 4, 4, 4]);
  expect([...((await first).tensors.get("input_ids") ?? [])]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
  at(workers, 0).say({ kind: "stepped", ...result });
  expect(await stepping).toEqual({ loss: 1, gradientNorm: 2, learningRate: 3, metrics: new Map([["top1", 4]]) });
  await engine.dispose();
});

test("the first worker alone measures a held-out batch", async () => {
  const { engine, workers } = await opened(2);
  const measuring = engine.whole?.measure(inputs, size, () => false);
  const worker = at(workers, 0);
  expect((await worker.next()).header).toMatchObject({ kind: "measure", step: 7, batch: 5, micro: 5 });
  expect([...((await worker.rows(7, 0, 2)).tensors.get("input_ids") ?? [])]).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
  worker.say({ kind: "measured", values: { loss: 2, "loss/siglip": "NaN" } });
  expect(await measuring).toEqual(
    new Map([
      ["loss", 2],
      ["loss/siglip", Number.NaN],
    ]),
  );
  await engine.dispose();
});

test("a step that is stopped is null; one whose rows cannot be had, or are beyond the model's table, ends with the reason", async () => {
  const { engine, workers } = await opened(1);
  const worker = at(workers, 0);
  const stop = async (stepping: Promise<unknown> | undefined): Promise<unknown> => {
    const caught = stepping?.catch((error: unknown) => error);
    await worker.next();
    const { header } = await worker.rows(7, 0, 5);
    expect(header).toMatchObject({ kind: "stop" });
    worker.say({ kind: "stopped", reason: String(header["reason"]) });
    return caught;
  };
  expect(await stop(engine.whole?.step(inputs, size, () => true))).toBeNull();
  const bad = new Error("it is cut off");
  expect(await stop(engine.whole?.step({ ...inputs, rows: () => Promise.reject(bad) }, size, () => false))).toBe(bad);
  const beyond = { ...inputs, rows: () => Promise.resolve(new Map([["input_ids", new Int32Array(20).fill(20)]])) };
  expect(await stop(engine.whole?.step(beyond, size, () => false))).toMatchObject({
    problem: { subject: "input input_ids" },
  });
  await engine.dispose();
});

test("what is trained is read and stored by names in checkpoints, and encoders give the lets of `eval`", async () => {
  const { engine, workers } = await opened(1);
  const worker = at(workers, 0);
  const values = shape.reduce((product, each) => product * each, 1);
  const some = Array.from({ length: values }, (_, index) => index);
  const reading = engine.read();
  expect((await worker.next()).header).toMatchObject({ kind: "read" });
  worker.say(
    { kind: "values" },
    new Map([
      [checkpoint, some],
      [`mean:${checkpoint}`, some],
      ["unknown", some],
    ]),
  );
  const kept = new Map([
    [trained, Float32Array.from(some)],
    [`mean:${trained}`, Float32Array.from(some)],
  ]);
  expect(await reading).toEqual(kept);
  const storing = engine.store(new Map([...kept, [`average:${trained}`, Float32Array.from(some)]]), 12);
  const stored = await worker.next();
  expect(stored.header).toMatchObject({ kind: "store", step: 12 });
  expect([...stored.tensors.keys()]).toEqual([checkpoint, `mean:${checkpoint}`, `average:${checkpoint}`]);
  worker.say({ kind: "done" });
  await storing;
  const encoding = engine.run("encode_text", await inputs.rows(0, 1));
  expect((await worker.next()).header).toMatchObject({ kind: "encode", outputs: ["a"] });
  worker.say({ kind: "values" }, new Map([["a", [0.5]]]));
  expect(await encoding).toEqual(new Map([["latent", Float32Array.of(0.5)]]));
  await engine.dispose();
});

test("a let that is both the latent of images and the logits of a task is asked for once", async () => {
  const { engine, workers } = await opened(1, classifier);
  const worker = at(workers, 0);
  const encoding = engine.run("encode_image", new Map([["ct", new Float32Array(40)]]));
  expect((await worker.next()).header).toMatchObject({ kind: "encode", outputs: ["seen"] });
  worker.say({ kind: "values" }, new Map([["seen", [0.5, 2]]]));
  const values = Float32Array.of(0.5, 2);
  expect(await encoding).toEqual(
    new Map([
      ["latent", values],
      ["logits/head", values],
    ]),
  );
  await engine.dispose();
});

test.each([false, true])(
  "an error of any worker ends the step with its words, its traceback, and what helps when memory ran out (%s)",
  async (isOutOfMemory) => {
    const { engine, workers } = await opened(2);
    const stepping = problemOf(Promise.resolve(engine.whole?.step(inputs, size, () => false)));
    const traceback = 'File "model.py", line 3\nRuntimeError: no';
    at(workers, 1).say({ kind: "error", message: "no\nmore", traceback, out_of_memory: isOutOfMemory });
    const { message, help } = await stepping;
    expect(message).toBe(
      `PyTorch failed to run step: process 1 of 2: ${isOutOfMemory ? "out of memory: " : ""}no\n` +
        '  | File "model.py", line 3\n  | RuntimeError: no',
    );
    expect(help?.startsWith("memory ran out")).toBe(isOutOfMemory);
    // Later questions have the same answer, and the workers are let go.
    expect((await problemOf(engine.read())).message).toContain("process 1 of 2");
    await engine.dispose();
    await Promise.all(workers.map(({ closed }) => closed));
  },
);

test.each([
  ["is lost", "ended", (worker: FakeWorker) => worker.end()],
  ["says what no worker says", "cannot be understood", (worker: FakeWorker) => worker.write(Buffer.alloc(64))],
])("a worker that %s in a step ends it", async (_, words, act) => {
  const { engine, workers } = await opened(2);
  const stepping = problemOf(Promise.resolve(engine.whole?.step(inputs, size, () => false)));
  await at(workers, 0).next();
  act(at(workers, 1));
  expect((await stepping).message).toContain(`process 1 of 2 ${words}`);
  await engine.dispose();
});

test("workers that do not come are waited for so long; who says no hello is nobody, and nothing is left behind", async () => {
  const launch = launchOf(2);
  const starting = Workers.start({ launch, start: null, patienceMs: 300 });
  const caught = starting.catch((error: unknown) => error);
  const stranger = await FakeWorker.silent(launch.by.socket);
  stranger.write(Buffer.from("GET / HTTP/1.1\r\n\r\n"));
  await FakeWorker.connect(launch.by.socket, 0, 2);
  expect(await caught).toMatchObject({ message: "1 of 2 processes are there after 0 seconds" });
  await stranger.closed;
  expect(existsSync(launch.by.socket)).toBe(false);
});

test("workers of another training are refused", async () => {
  const launch = launchOf(2);
  const caught = Workers.start({ launch, start: null, patienceMs: 10_000 }).catch((error: unknown) => error);
  await FakeWorker.connect(launch.by.socket, 0, 3);
  expect(await caught).toMatchObject({
    message: "process 0 of 3 came, and there are 2 processes on each of 1 machines",
  });
});

test("a machine that follows gives the rows of each step until its workers are ended", async () => {
  const launch = launchOf(1, { count: 2, rank: 1 });
  const starting = Workers.start({ launch, start: null, patienceMs: 10_000 });
  const worker = await FakeWorker.connect(launch.by.socket, 1, 2);
  const workers = await starting;
  const asked: number[] = [];
  const inputsAt = (step: number) => {
    asked.push(step);
    if (step === 2) throw new Error("it has other data");
    return inputs;
  };
  const rows = new FollowedRows(inputsAt, new ModelInputs(spec));
  workers.serve((request) => rows.answer(request));
  const over = workers.over();
  expect([...((await worker.rows(0, 3, 1)).tensors.get("input_ids") ?? [])]).toEqual([3, 3, 3, 3]);
  expect((await worker.rows(0, 4, 1)).header).toMatchObject({ kind: "rows" });
  expect((await worker.rows(1, 3, 2)).header).toMatchObject({ kind: "rows" });
  expect((await worker.rows(2, 3, 2)).header).toMatchObject({ kind: "stop", reason: "it has other data" });
  expect(asked).toEqual([0, 1, 2]);
  worker.end();
  await over;
  expect(() => rows.throwProblem()).toThrow("it has other data");
  await workers.end();
});
