import { expect, test } from "vitest";
import { defaultImage, plainTokens } from "../../compiler/index.ts";
import type { DataInputs, Example, ExampleLoader } from "../../runtime/data/index.ts";
import { encodeVolumes } from "../../runtime/evaluate/index.ts";
import { failed, ok } from "../../runtime/text/index.ts";

const inputs: DataInputs = {
  inputs: [
    { kind: "image", name: "photo", file: 0, shape: [1], settings: defaultImage },
    { kind: "tokens", name: "ids", text: 0, length: 2, vocabulary: 9, settings: plainTokens },
    { kind: "mask", name: "mask", of: "ids" },
  ],
  needs: { files: [null], texts: [null], labels: null },
};

/** The text `n` has the tokens n and 0. */
const tokenizer = {
  vocabSize: 9,
  leastLength: 1,
  encode: (text: string) => ({ ids: Int32Array.of(Number(text), 0), mask: Int32Array.of(1, 0) }),
  count: () => 1,
};

function example(name: string, text: string): Example {
  return { name, file: name, files: [name], metadata: null, texts: [text], labels: null };
}

/** A file holds the length of its name; `bad` is a bad file, and `lost` one that cannot be read. */
const loader: ExampleLoader = {
  load: ({ path }) => {
    if (path === "lost") return Promise.reject(new Error("no memory"));
    return Promise.resolve(
      path === "bad" ? failed(badFile) : ok({ voxels: Float32Array.of(path.length), from: "file" }),
    );
  },
  prefetch: () => undefined,
  takeBack: (arrays) => void taken.push(...arrays.map((values) => values[0] ?? 0)),
};
/** What was taken back. */
const taken: number[] = [];
const badFile = { subject: "bad", message: "it is bad", help: null };

/** Twice the file as a latent of two, thrice as a logit; of a text its first token. It hears what it is given. */
function engineOf() {
  const asked: (readonly [string, readonly number[]])[] = [];
  const run = (program: string, given: ReadonlyMap<string, Float32Array | Int32Array>) => {
    const [name, values] = program === "encode_image" ? ["photo", given.get("photo")] : ["ids", given.get("ids")];
    if (values === undefined) throw new Error(`no ${name}`);
    asked.push([program, [...values]]);
    const outputs: readonly (readonly [string, Float32Array])[] =
      program === "encode_image"
        ? [
            ["latent", Float32Array.from([...values].flatMap((value) => [2 * value, -value]))],
            ["logits/head", Float32Array.from(values, (value) => 3 * value)],
          ]
        : [["latent", Float32Array.from(values)]];
    return Promise.resolve(new Map(outputs));
  };
  return { run, asked };
}

const told: number[] = [];
const common = {
  ...{ inputs, tokenizer, loader, rows: 2, skipBad: false },
  tell: (done: number) => void told.push(done),
  isStopped: () => false,
};

test("each volume is encoded once with its report, in runs of the program's rows, of which the last is filled up", async () => {
  const engine = engineOf();
  const examples = [example("a", "4"), example("bb", "5"), example("ccc", "6")];
  const found = await encodeVolumes(examples, { ...common, engine, withReports: true });
  expect(found).toEqual({
    kind: "encoded",
    encoded: {
      examples,
      images: new Map([
        ["latent", [Float32Array.of(2, -1), Float32Array.of(4, -2), Float32Array.of(6, -3)]],
        ["logits/head", [Float32Array.of(3), Float32Array.of(6), Float32Array.of(9)]],
      ]),
      reports: [Float32Array.of(4, 0), Float32Array.of(5, 0), Float32Array.of(6, 0)],
    },
    skipped: [],
  });
  expect(engine.asked).toEqual([
    ["encode_image", [1, 2]],
    ["encode_text", [4, 0, 5, 0]],
    ["encode_image", [3, 3]],
    ["encode_text", [6, 0, 6, 0]],
  ]);
  expect(told).toEqual([2, 3]);
});

test("memory of volumes is given back once they are encoded", async () => {
  taken.length = 0;
  const examples = [example("a", "4"), example("bb", "5"), example("ccc", "6")];
  await encodeVolumes(examples, { ...common, engine: engineOf(), withReports: false });
  expect(taken).toEqual([1, 2, 3]);
});

test("without reports no text is encoded", async () => {
  const engine = engineOf();
  const found = await encodeVolumes([example("a", "4")], { ...common, engine, withReports: false });
  expect(found).toMatchObject({ kind: "encoded", encoded: { reports: null } });
  expect(engine.asked.map(([program]) => program)).toEqual(["encode_image"]);
});

test("a bad file is skipped where it may be, one that cannot be read never is", async () => {
  const examples = [example("a", "4"), example("bad", "5"), example("bb", "6")];
  const options = { ...common, engine: engineOf(), withReports: true };
  const skipped = await encodeVolumes(examples, { ...options, skipBad: true });
  expect(skipped).toMatchObject({
    kind: "encoded",
    encoded: { examples: [{ name: "a" }, { name: "bb" }], reports: [Float32Array.of(4, 0), Float32Array.of(6, 0)] },
    skipped: [badFile],
  });
  expect(await encodeVolumes(examples, options)).toEqual({ kind: "wrong", problem: badFile });
  const lost = await encodeVolumes([example("lost", "1")], { ...options, skipBad: true });
  expect(lost).toMatchObject({ kind: "wrong", problem: { subject: "lost" } });
});

test("it stops between two volumes when it is asked to", async () => {
  const engine = engineOf();
  const found = await encodeVolumes([example("a", "4")], {
    ...{ ...common, engine, withReports: false },
    isStopped: () => true,
  });
  expect(found).toEqual({ kind: "stopped" });
  expect(engine.asked).toEqual([]);
});
