import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { passes } from "../../compiler/index.ts";
import { inspectNative, nativeFiles } from "../../runtime/backends/tensorflow/native/index.ts";
import { elementsOf, readSafetensors, writeSafetensors } from "../../runtime/weights/index.ts";
import { Random } from "../random.ts";
import { medctc, prepareProgram } from "./medctc.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-pieces-"));
const spec = "test/golden/programs/micro-batches.vlm";

beforeAll(prepareProgram);
afterAll(() => rmSync(folder, { recursive: true }));

type Change = readonly [from: string, to: string];

/** The spec with some texts replaced. */
function changed(changes: readonly Change[]): string {
  const path = join(folder, "changed.vlm");
  let text = readFileSync(spec, "utf8");
  for (const [from, to] of changes) {
    expect(text).toContain(from);
    text = text.replace(from, to);
  }
  writeFileSync(path, text);
  return path;
}

describe("compile --emit", () => {
  test("prints a program of a step in pieces", () => {
    const { code, out, err } = medctc(["compile", spec, "--emit", "backpropagate"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toBe(readFileSync("test/golden/programs/micro-batches.backpropagate.txt", "utf8"));
  });

  test("--after takes every pass, in their order", () => {
    const help = medctc(["compile", "--help"]).out;
    const [, listed = ""] = /--after <pass>.*?\(choices:(.*?)\)/s.exec(help) ?? [];
    const names = [...listed.matchAll(/"([^"]+)"/g)].map(([, name]) => name);
    expect(names).toEqual(["none", ...passes.map(({ name }) => name)]);
  });
});

describe("why there are no pieces is said in one error", () => {
  const loss = "contrastive(image, report, scale)";
  const ofFour = `loss of_four(image: f32[4, dim], text: f32[4, dim], scale) {
  return contrastive(image, text, scale)
}

model pieces {`;
  const byRows = `loss by_rows(image: f32[n, dim], text: f32[n, dim]) {
  let total = mean(image * text, axis = [0, 1])
  repeat n {
    total = total * 0.5
  }
  return total
}

model pieces {`;
  const onlyFour: readonly Change[] = [
    ["model pieces {", ofFour],
    [loss, "of_four(image, report, scale)"],
  ];
  const cases: readonly (readonly [string, readonly Change[], string])[] = [
    [
      "no `micro_batch`",
      [["  micro_batch = 2\n", ""]],
      "the `train` block has no `micro_batch` that is smaller than its `batch`",
    ],
    ["no loss", [[`  loss ${loss}\n`, ""]], "the model has no `loss`"],
    [
      "a model of just so many rows",
      onlyFour,
      "with the rows of a `micro_batch` the model does not compile: `image` of `of_four` is declared f32[4, dim], but is f32[2, 3]",
    ],
    [
      "as many operations as rows",
      [
        ["model pieces {", byRows],
        [loss, "by_rows(image, report)"],
      ],
      "the model's operations are others for the rows of a `micro_batch` than for the whole batch",
    ],
    [
      "rows that meet at once",
      [
        ["return up(image)", "return up(image - mean(image, axis = 0))"],
        [loss, "contrastive(image, image, scale)"],
      ],
      "the rows of a batch meet before anything is computed of one, so `micro_batch` cannot cut it",
    ],
  ];
  test.each(cases)("%s", (_, changes, expected) => {
    const path = changed(changes);
    for (const command of [
      ["compile", path, "--emit", "embed"],
      ["run", path, "embed", "-o", join(folder, "none.safetensors")],
    ]) {
      const { code, out, err } = medctc(command);
      expect({ code, out }).toEqual({ code: 1, out: "" });
      expect(err).toContain(`error[E701]: there is no program \`embed\`: ${expected}\n`);
      expect(err.match(/^error/gm)).toHaveLength(1);
    }
  });

  test("a model for TensorFlow is not written without its step", () => {
    const model = join(folder, "model");
    const { code, err } = medctc(["compile", changed(onlyFour), "--target", "tensorflow", "-o", model]);
    expect(code).toBe(1);
    expect(err).toContain("error[E701]: there is no program `step`: with the rows of a `micro_batch`");
    expect(existsSync(model)).toBe(false);
  });
});

/** A tensor as it is written to a file. */
interface Tensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

type Tensors = ReadonlyMap<string, Tensor>;

/** Writes tensors, and gives the options that name their file; none where there is nothing to write. */
function given(option: string, tensors: Tensors): readonly string[] {
  const path = join(folder, `${option}.safetensors`);
  if (tensors.size === 0) return [];
  writeFileSync(path, writeSafetensors(tensors));
  return [option, path];
}

/** Runs a program of the spec, and gives what it gives. */
function run(program: string, ...options: readonly string[]): Tensors {
  const output = join(folder, "output.safetensors");
  const { code, err } = medctc(["run", spec, program, ...options, "-o", output]);
  expect(code, `${program}: ${err}`).toBe(0);
  const stored = [...readSafetensors(output, readFileSync(output))];
  return new Map(stored.map(([name, tensor]) => [name, { shape: tensor.shape, data: [...elementsOf(tensor)] }]));
}

/** One half of the rows of some tensors. */
function half(tensors: Tensors, which: number): Tensors {
  return new Map(
    [...tensors].map(
      ([
        name,
        {
          shape: [rows = 0, ...rest],
          data,
        },
      ]) => {
        const from = (which * data.length) / 2;
        return [name, { shape: [rows / 2, ...rest], data: data.slice(from, from + data.length / 2) }];
      },
    ),
  );
}

function withPrefix(tensors: Tensors, prefix: string): Tensors {
  return new Map([...tensors].filter(([name]) => name.startsWith(prefix)));
}

const hasTensorflow = inspectNative(nativeFiles()).kind === "ready";

test.each(["evaluator", "onnx", ...(hasTensorflow ? ["tensorflow"] : [])])(
  "the four programs, one run after the other, make the step of the whole batch: %s",
  (name) => {
    const random = new Random(3);
    const draw = (count: number, limit: number): number[] => Array.from({ length: count }, () => random.below(limit));
    const batch: Tensors = new Map([
      ["image", { shape: [4, 6], data: draw(24, 1000).map((value) => value / 1000 - 0.5) }],
      ["ids", { shape: [4, 5], data: draw(20, 10) }],
    ]);
    const options = [...given("--weights", run("init")), "--backend", name];
    const whole = run("step", ...options, ...given("--feeds", batch));
    const [first, second] = [0, 1].map((each) => run("embed", ...options, ...given("--feeds", half(batch, each))));
    const embedded: Tensors = new Map(
      [...(first ?? [])].map(
        ([
          key,
          {
            shape: [rows = 0, ...rest],
            data,
          },
        ]) => {
          return [key, { shape: [2 * rows, ...rest], data: [...data, ...(second?.get(key)?.data ?? [])] }];
        },
      ),
    );
    const compared = run("compare", ...options, ...given("--feeds", embedded));
    let sums = withPrefix(compared, "sum:");
    expect([...sums.keys()]).toEqual(["sum:temperature"]);
    for (const each of [0, 1]) {
      const gradients = half(withPrefix(compared, "embedding_gradient:"), each);
      const feeds = given("--feeds", new Map([...half(batch, each), ...gradients]));
      const results = run("backpropagate", ...options, ...feeds, ...given("--adapter", sums));
      sums = new Map([...sums, ...withPrefix(results, "sum:")]);
    }
    const together = new Map([...compared, ...run("update", ...options, ...given("--adapter", sums))]);
    expect(whole.size).toBe(9);
    for (const [key, { data }] of whole) {
      const found = together.get(key)?.data ?? [];
      expect([key, found.length]).toEqual([key, data.length]);
      const worst = Math.max(...data.map((value, place) => Math.abs(value - (found[place] ?? Number.NaN))));
      expect(worst / Math.max(...data.map(Math.abs)), key).toBeLessThan(1e-5);
    }
    for (const [key, { data }] of together) if (key.startsWith("sum:")) expect(Math.max(...data.map(Math.abs))).toBe(0);
  },
  120_000,
);
