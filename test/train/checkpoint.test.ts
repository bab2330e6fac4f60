import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { type FileSystem, machineFiles } from "../../runtime/files/index.ts";
import { readCheckpoint, readState, writeCheckpoint } from "../../runtime/train/checkpoint.ts";
import { CheckpointStore } from "../../runtime/train/checkpoint-store.ts";
import { readSafetensors } from "../../runtime/weights/index.ts";
import { Random } from "../random.ts";
import { checkpointAt } from "./made-checkpoint.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-checkpoint-"));
afterAll(() => rmSync(folder, { recursive: true }));

let store = new CheckpointStore(folder);
let count = 0;
beforeEach(() => {
  store = new CheckpointStore(join(folder, String(count++)), { keep: 2 });
  expect(store.open().kind).toBe("ok");
});

function save(...steps: readonly (readonly [step: number, metric: number | null, best?: number])[]): void {
  for (const [step, metric, bestStep] of steps) {
    const best = bestStep === undefined ? null : { step: bestStep, metric: 0.5 };
    expect(store.save(checkpointAt(step, { metric, best }))).toMatchObject({ kind: "ok", value: { left: [] } });
  }
}

function stepsThere(): readonly number[] {
  const steps = store.steps();
  return steps.kind === "ok" ? steps.value : [];
}

describe("a checkpoint", () => {
  test("reads as it was written, to the bit, also where numbers are none", () => {
    const bits = Uint32Array.of(0x7f800001, 0xffc12345, 0x80000000, 1);
    const unusual = { shape: [4], data: new Float32Array(bits.buffer) };
    const given = checkpointAt(12, {
      metric: Number.NaN,
      best: { step: 3, metric: Number.NEGATIVE_INFINITY },
      loss: { sum: Number.POSITIVE_INFINITY, count: 12 },
      settings: new Map([["__proto__", "a"]]),
    });
    store.save({
      ...given,
      averages: new Map([["x", unusual]]),
      optimizer: new Map([["mean:x", unusual]]),
      parameters: new Map(),
    });
    const latest = store.latest();
    if (latest.kind !== "found") throw new Error("it is there");
    expect(latest.problems).toEqual([]);
    expect(latest.folder).toBe(store.folderOf(12));
    expect(latest.checkpoint.state).toEqual(given.state);
    expect(latest.checkpoint.parameters).toEqual(new Map());
    const data = latest.checkpoint.optimizer.get("mean:x")?.data ?? new Float32Array();
    expect([...new Uint32Array(data.buffer)]).toEqual([...bits]);
    const average = latest.checkpoint.averages.get("x")?.data ?? new Float32Array();
    expect([...new Uint32Array(average.buffer)]).toEqual([...bits]);
  });

  test("is the same bytes for the same values, in whatever order they are given", () => {
    const given = checkpointAt(3);
    const reversed = { ...given, parameters: new Map([...given.parameters].toReversed()) };
    const [one, other] = [given, reversed].map((checkpoint, index) => {
      const path = join(store.folder, `made-${index}`);
      writeCheckpoint(path, checkpoint, machineFiles);
      return readdirSync(path).map((name) => [name, readFileSync(join(path, name), "hex")]);
    });
    expect(one?.map(([name]) => name)).toEqual(["adapter.safetensors", "optimizer.safetensors", "state.json"]);
    expect(other).toEqual(one);
  });

  test("has files that others read: JSON, and safetensors with the tensors' own names", () => {
    save([5, 0.5]);
    const state: unknown = JSON.parse(readFileSync(join(store.folderOf(5), "state.json"), "utf8"));
    expect(state).toMatchObject({ state: { format: 1, step: 5, seed: 7, metric: 0.5, spec: { text: /^model/ } } });
    const adapter = readFileSync(join(store.folderOf(5), "adapter.safetensors"));
    expect([...readSafetensors("adapter", adapter).keys()]).toEqual([
      "temperature",
      "text.q.lora_A.weight",
      "text.q.lora_B.weight",
    ]);
  });

  test("with a tensor that has not as many elements as its shape is a mistake of the program", () => {
    const bad = { ...checkpointAt(1), parameters: new Map([["a", { shape: [2], data: new Float32Array(3) }]]) };
    expect(() => store.save(bad)).toThrow("a has 3 elements, and its shape is [2]");
  });
});

test("of 1,000 flipped bits in a checkpoint's files all are found, and the checkpoint before it is used", () => {
  save([1, null], [2, null]);
  const newest = store.folderOf(2);
  const files = readdirSync(newest).map((name) => {
    const path = join(newest, name);
    return { path, bytes: readFileSync(path) };
  });
  const total = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const random = new Random(5);
  let found = 0;
  for (let flip = 0; flip < 1000; flip++) {
    // Spread over all the bytes, so that no part of a file is left out.
    let at = Math.floor((flip * total) / 1000) + random.below(Math.floor(total / 1000));
    const file = files.find(({ bytes }) => {
      if (at < bytes.length) return true;
      at -= bytes.length;
      return false;
    });
    if (file === undefined) throw new Error("every place is in a file");
    const { path, bytes } = file;
    writeFileSync(path, bytes.with(at, (bytes[at] ?? 0) ^ (1 << random.below(8))));
    const latest = store.latest();
    if (latest.kind === "found" && latest.checkpoint.state.step === 1 && latest.problems[0]?.code === "DAMAGED")
      found++;
    writeFileSync(path, bytes);
  }
  expect(found).toBe(1000);
  expect(store.latest()).toMatchObject({ kind: "found", problems: [], checkpoint: { state: { step: 2 } } });
});

test("a checkpoint gets its name when all of it is on disk, and is saved when its name is", () => {
  const said: string[] = [];
  const names = new Map<number, string>();
  const opened = (what: string, path: string, handle: number): number => {
    names.set(handle, basename(path));
    if (what !== "") said.push(`${what} ${basename(path)}`);
    return handle;
  };
  const files: FileSystem = {
    ...machineFiles,
    create: (path, mode) => opened("create", path, machineFiles.create(path, mode)),
    open: (path) => opened("", path, machineFiles.open(path)),
    sync: (handle) => void said.push(`sync ${names.get(handle)}`),
    rename: (from, to) => {
      said.push(`rename ${basename(from)} ${basename(to)}`);
      machineFiles.rename(from, to);
    },
  };
  const watched = new CheckpointStore(store.folder, { keep: 1, files });
  save([1, null]);
  watched.save(checkpointAt(2, { best: null }));
  expect(said).toEqual([
    ...["adapter.safetensors", "optimizer.safetensors", "state.json"].flatMap((file) => [
      `create ${file}`,
      `sync ${file}`,
    ]),
    "sync .step-00000002.new",
    "rename .step-00000002.new step-00000002",
    `sync ${basename(store.folder)}`,
    "rename step-00000001 .step-00000001.gone",
  ]);
});

describe("of the checkpoints of a run", () => {
  test("the last ones stay, and the best of which the last one knows", () => {
    save([10, 0.5, 10], [20, 0.8, 20], [30, 0.8, 20], [40, Number.NaN, 20], [50, null, 20], [60, 0.7, 20]);
    expect(stepsThere()).toEqual([60, 50, 20]);
    save([70, 0.9, 70]);
    expect(stepsThere()).toEqual([70, 60]);
  });

  test("one that is saved again is replaced", () => {
    save([1, 0.1], [1, 0.9]);
    expect(readState(store.folderOf(1))).toMatchObject({ value: { metric: 0.9 } });
    expect(readdirSync(store.folder)).toEqual(["step-00000001"]);
  });

  test("one that was saved stays, also where later ones are there", () => {
    save([10, null], [20, null], [5, null]);
    expect(stepsThere()).toEqual([20, 10, 5]);
  });

  test("damaged ones are passed over with what is wrong, and go once a later one is saved", () => {
    save([1, null], [2, null]);
    rmSync(join(store.folderOf(2), "optimizer.safetensors"));
    mkdirSync(store.folderOf(3));
    mkdirSync(join(store.folder, "step-notes"));
    const latest = store.latest();
    expect(latest).toMatchObject({
      kind: "found",
      checkpoint: { state: { step: 1 } },
      problems: [
        { subject: join(store.folderOf(3), "state.json"), code: "DAMAGED", message: "it does not exist" },
        { subject: join(store.folderOf(2), "optimizer.safetensors"), code: "DAMAGED", message: "it does not exist" },
      ],
    });
    save([4, null]);
    expect(stepsThere()).toEqual([4, 1]);
    expect(readdirSync(store.folder)).toContain("step-notes");
  });

  test("one with another's name is not taken for it", () => {
    save([1, null]);
    mkdirSync(store.folderOf(9));
    for (const name of readdirSync(store.folderOf(1))) {
      copyFileSync(join(store.folderOf(1), name), join(store.folderOf(9), name));
    }
    const problem = { subject: store.folderOf(9), code: "DAMAGED", message: "it is of step 1" };
    expect(store.latest()).toMatchObject({ checkpoint: { state: { step: 1 } }, problems: [problem] });
  });

  test("none is found where there is none", () => {
    expect(store.latest()).toEqual({ kind: "none", problems: [] });
  });
});

describe("a state with a right hash is refused where", () => {
  type Change = (text: string) => string;
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  test.each<[string, Change, string]>([
    [
      "a step is negative",
      (text) => text.replace('"step": 2', '"step": -2'),
      "`step` of the state is not a whole number",
    ],
    [
      "an epoch is a fraction",
      (text) => text.replace('"epoch": 0', '"epoch": 0.5'),
      "`epoch` of the state is not a whole",
    ],
    [
      "a seed is a text",
      (text) => text.replace('"seed": 7', '"seed": "7"'),
      "`seed` of the state is not a whole number",
    ],
    ["a key is missing", (text) => text.replace('  "batch": 8,\n', ""), "`batch` of the state is missing"],
    ["a key is not known", (text) => text.replace("{", '{ "more": 1,'), "not written as this program writes it"],
    ["a key is there twice", (text) => text.replace("{", '{ "step": 3,'), "not written as this program writes it"],
    ["a setting is an object", (text) => text.replace("false", "{}"), "`merge` of `settings` of the state is neither"],
    [
      "a setting is 200,000 deep",
      (text) => text.replace("false", deep),
      "`merge` of `settings` of the state is neither",
    ],
    ["the spec's hash is another's", (text) => text.replace("rank = 4", "rank = 5"), "not written as this program"],
    [
      "a file is not an object",
      (text) => text.replace(/"files": \{[\s\S]*\}\n/, '"files": 3\n'),
      "`files` of the state is not an object",
    ],
    [
      "the loss is no number",
      (text) => text.replace('"sum": 1.4', '"sum": "big"'),
      "`sum` of `loss` of the state is not a number",
    ],
    ["it is a list", () => "[]", "the state is not an object"],
    ["it is not valid JSON", (text) => text.slice(1), "it is not valid JSON"],
  ])("%s", (_, change, reason) => {
    save([2, null]);
    rewrite(join(store.folderOf(2), "state.json"), change);
    const read = readCheckpoint(store.folderOf(2));
    expect(read).toMatchObject({ kind: "failed", problem: { code: "DAMAGED" } });
    expect(read.kind === "failed" ? read.problem.message : "").toContain(reason);
  });

  test("it is of a later format, and then no older checkpoint is used in its place", () => {
    save([1, null], [2, null]);
    rewrite(join(store.folderOf(2), "state.json"), (text) => text.replace('"format": 1', '"format": 2, "new": []'));
    expect(store.latest()).toMatchObject({
      kind: "failed",
      problem: { subject: store.folderOf(2), code: "NEWER", message: "it was written by a newer medctc (format 2)" },
    });
    const left = [{ code: "NEWER" }];
    for (const step of [3, 4, 5])
      expect(store.save(checkpointAt(step, { best: null }))).toMatchObject({ value: { left } });
    expect(stepsThere()).toEqual([5, 4, 2]);
  });

  /** Changes the state within its file, and its hash with it. */
  function rewrite(path: string, change: Change): void {
    const content = readFileSync(path, "utf8");
    const [, text = ""] = /^\{ "state": ([\s\S]*),\n"sha256": "[0-9a-f]{64}" \}\n$/.exec(content) ?? [];
    const changed = change(text);
    expect(changed).not.toBe(text);
    const hash = createHash("sha256").update(changed).digest("hex");
    writeFileSync(path, `{ "state": ${changed},\n"sha256": "${hash}" }\n`);
  }
});
