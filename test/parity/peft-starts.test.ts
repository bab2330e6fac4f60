import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { firstValuesOf } from "../../compiler/index.ts";
import { elementsOf, joined, type StoredTensor, writeSafetensors } from "../../runtime/weights/index.ts";
import { medctc, prepareProgram, runHere } from "../cli/medctc.ts";
import { floats, readTensors, relative, tensorOf, writeTensors } from "./peft-fixture.ts";
import { below, fromWeights, placements, specOf, weightsOf } from "./peft-kinds-cases.ts";
import { backends, compileSmall, computedBy, inputOf } from "./peft-run.ts";

let folder = "";
beforeAll(() => {
  prepareProgram();
  folder = mkdtempSync(join(tmpdir(), "medctc-peft-starts-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const linear = "vision.first, vision.second, vision.last";
const weights = weightsOf("pair");

/** A spec of the fixture's pair of projections, with the values of its parameters by their names in checkpoints. */
function compiledPair(placed: readonly string[]) {
  const compiled = compileSmall("pair", specOf("pair", placed));
  const all = [...compiled.plan.parameters, ...compiled.plan.buffers];
  const pathOf = (checkpoint: string): string => all.find((each) => each.checkpoint === checkpoint)?.path ?? "";
  return { ...compiled, all, pathOf };
}

/** The output and the gradients of a step, by the names of parameters in checkpoints. */
async function computed(
  compiled: ReturnType<typeof compiledPair>,
  values: ReadonlyMap<string, Float32Array>,
  backend: (typeof backends)[number],
) {
  const inputs = new Map([["x", inputOf(tensorOf(below("pair."), "x"))]]);
  const { outputs, gradients } = await computedBy(backend, compiled, values, inputs, ["logits"]);
  return { output: outputs.get("logits"), gradients };
}

describe.each(Object.entries(fromWeights))("LoRA of %s", (name, placed) => {
  const expected = below(`${name.replace("-", ".")}.`);
  // PEFT's singular vectors are of 32-bit floats; ours are computed in 64.
  const limit = name === "pair-pissa" || name === "pair-mica" ? 1e-4 : 1e-5;
  const startOf = (checkpoint: string): StoredTensor => tensorOf(expected, `start.${checkpoint}`);

  /** First values, with the sign by which each row of `down` and column of `up` differs from PEFT's: that of a pair is free. */
  function started() {
    const compiled = compiledPair([placed]);
    const pieces = firstValuesOf(compiled.spec.parameters, 0, (path) => {
      const checkpoint = compiled.all.find((each) => each.path === path && !each.ofAdapter)?.checkpoint;
      const own = checkpoint === undefined ? undefined : weights.get(checkpoint);
      return own === undefined ? null : [floats(own)];
    });
    const values = new Map(
      compiled.all.map(
        ({ path, shape }) =>
          [
            path,
            joined(
              pieces(path),
              shape.reduce((a, b) => a * b, 1),
            ),
          ] as const,
      ),
    );
    const signs = new Map<string, readonly number[]>();
    for (const { checkpoint, path, shape } of compiled.all) {
      if (!checkpoint.endsWith(".lora_B.weight")) continue;
      const [outputs = 0, rank = 0] = shape;
      const theirs = floats(startOf(checkpoint));
      const ours = values.get(path) ?? [];
      const of = (column: number): number =>
        Math.sign(
          Array.from(
            { length: outputs },
            (_, at) => (ours[at * rank + column] ?? 0) * (theirs[at * rank + column] ?? 0),
          ).reduce((a, b) => a + b, 0),
        );
      signs.set(
        checkpoint.replace("lora_B.weight", ""),
        Array.from({ length: rank }, (_, column) => of(column)),
      );
    }
    return { compiled, values, signs };
  }

  /** A tensor of PEFT's with our signs. */
  function signed(
    checkpoint: string,
    tensor: StoredTensor,
    signs: ReadonlyMap<string, readonly number[]>,
  ): StoredTensor {
    const [module = "", ending] = [checkpoint.replace(/lora_[AB]\.weight$/, ""), checkpoint.at(-8)];
    const own = signs.get(module) ?? [];
    const [, columns = 1] = tensor.shape;
    const data = floats(tensor).map((value, place) => {
      const index = ending === "A" ? Math.floor(place / columns) : place % columns;
      return value * (own[index] ?? Number.NaN);
    });
    return { ...tensor, ...storedOf(tensor, data) };
  }

  test("starts from what PEFT takes out of the weights", () => {
    const { compiled, values, signs } = started();
    if (limit === 1e-5) expect(new Set([...signs.values()].flat())).toEqual(new Set([1]));
    const adapted = compiled.all.filter(({ checkpoint }) => checkpoint.includes(".lora_"));
    expect(adapted).toHaveLength(6);
    for (const { checkpoint, path } of adapted) {
      const theirs = startOf(checkpoint);
      const isZero = floats(theirs).every((value) => value === 0);
      if (isZero) expect([...(values.get(path) ?? [])], checkpoint).toEqual([...floats(theirs)]);
      else expect(relative(values.get(path), signed(checkpoint, theirs, signs)), checkpoint).toBeLessThan(limit);
    }
  });

  test.each(backends)("has PEFT's output and gradients after a change, on %s", async (backend) => {
    const { compiled, values, signs } = started();
    for (const { checkpoint, path, ofAdapter } of compiled.plan.parameters) {
      const change = expected.get(`change.${checkpoint}`);
      if (!ofAdapter || change === undefined) continue;
      const moved = floats(signed(checkpoint, change, signs));
      values.set(
        path,
        (values.get(path) ?? moved).map((value, place) => value + (moved[place] ?? Number.NaN)),
      );
    }
    const { output, gradients } = await computed(compiled, values, backend);
    expect(relative(output, tensorOf(expected, "output"))).toBeLessThan(limit);
    expect(gradients.size).toBe([...expected.keys()].filter((key) => key.startsWith("grad.")).length);
    for (const [checkpoint, found] of gradients) {
      const theirs = tensorOf(expected, `grad.${checkpoint}`);
      expect(relative(found, signed(checkpoint, theirs, signs)), checkpoint).toBeLessThan(1e-4);
    }
  });
});

/** A tensor of other values. */
function storedOf(tensor: StoredTensor, data: Float32Array): StoredTensor {
  const [found] = readTensorsOf(writeSafetensors(new Map([["x", { shape: tensor.shape, data }]])));
  if (found === undefined) throw new Error("there is one tensor");
  return found;
}

function readTensorsOf(bytes: Uint8Array): readonly StoredTensor[] {
  const file = join(folder, "signed.safetensors");
  writeFileSync(file, bytes);
  return [...readTensors(file).values()];
}

const starts = [...below("pair.fa.start.")];

test.each(backends)("LoRA-FA's gradients are what PEFT's optimizer makes of LoRA's, on %s", async (backend) => {
  const compiled = compiledPair([`lora_fa(rank = 3, alpha = 5) on ${linear}`]);
  const values = new Map([...weights, ...starts].map(([key, each]) => [compiled.pathOf(key), floats(each)] as const));
  const { gradients } = await computed(compiled, values, backend);
  const expected = [...below("pair.fa.grad.")];
  expect([...gradients.keys()].toSorted()).toEqual(expected.map(([key]) => key).toSorted());
  for (const [key, each] of expected) expect(relative(gradients.get(key), each), key).toBeLessThan(1e-4);
});

test("LoRA-FA is LoRA in PEFT's file", async () => {
  const spec = join(folder, "fa.vlm");
  writeFileSync(spec, specOf("pair", [`lora_fa(rank = 3, alpha = 5) on ${linear}`]));
  const [given, adapter] = [join(folder, "weights.safetensors"), join(folder, "fa.safetensors")];
  writeTensors(given, weights);
  writeTensors(adapter, new Map(starts));
  const run = await runHere(["export", spec, "--peft", join(folder, "fa"), "--weights", given, "--adapter", adapter]);
  expect([run.code, run.err]).toEqual([0, expect.not.stringContaining("error")]);
  const written = readTensors(join(folder, "fa", "adapter_model.safetensors"));
  expect(written.size).toBe(6);
  for (const [key, each] of starts)
    expect([...elementsOf(written.get(`base_model.model.${key}`) ?? each)]).toEqual([...elementsOf(each)]);
});

test("a group with another rate for `up` trains as PEFT's LoRA+ does for three steps", () => {
  const spec = join(folder, "plus.vlm");
  const adamw = "adamw(lr = 1e-2, weight_decay = 0.1, eps = 1e-6)";
  const lines = [`lora(rank = 3, alpha = 5) on ${linear}`, "group vision.**.lora.up { lr = 16 * lr }"];
  writeFileSync(spec, specOf("pair", lines, adamw));
  const [given, feeds] = [join(folder, "plus-weights.safetensors"), join(folder, "x.safetensors")];
  writeTensors(given, weights);
  writeTensors(feeds, new Map([...below("pair.")].filter(([key]) => key === "x")));
  let adapter = join(folder, "plus.safetensors");
  writeTensors(adapter, new Map(starts));
  for (let step = 0; step < 3; step++) {
    const out = join(folder, `plus-${step}.safetensors`);
    const state = ["--weights", given, "--adapter", adapter, "--feeds", feeds, "--step", String(step), "-o", out];
    const run = medctc(["run", spec, "step", ...state]);
    expect([run.code, run.err]).toEqual([0, expect.not.stringContaining("error")]);
    adapter = out;
  }
  const end = readTensors(adapter);
  const expected = [...below("pair.plus.end.")];
  expect(expected).toHaveLength(6);
  for (const [key, each] of expected)
    expect(relative([...elementsOf(end.get(key) ?? each)], each), key).toBeLessThan(1e-4);
});

test("OSF starts from PEFT's rest of each weight, with singular vectors of any sign", () => {
  const compiled = compiledPair(placements["pair-osf"] ?? []);
  const pieces = firstValuesOf(compiled.spec.parameters, 0, (path) => {
    const own = compiled.all.find((each) => each.path === path && !each.ofAdapter);
    return own === undefined ? null : [floats(tensorOf(weights, own.checkpoint))];
  });
  const theirs = below("pair.osf.start.");
  for (const module of ["first", "second", "last"]) {
    const of = (part: string) => {
      const checkpoint = `${module}.osf_svd_params.${part}_low`;
      const expected = tensorOf(theirs, checkpoint);
      const ours = [...pieces(compiled.pathOf(checkpoint))].flatMap((each) => [...each]);
      const size = { ...expected, ...storedOf(expected, floats(expected).map(Math.abs)) };
      // PEFT's singular vectors are of 32-bit floats; ours are computed in 64.
      expect(relative(Float32Array.from(ours, Math.abs), size), checkpoint).toBeLessThan(1e-5);
      return { ours, theirs: floats(expected), shape: expected.shape };
    };
    const [left, values, right] = [of("U"), of("S"), of("V")];
    const [rows = 0, rank = 0] = left.shape;
    const [, columns = 0] = right.shape;
    const productOf = (whose: "ours" | "theirs"): Float32Array =>
      Float32Array.from({ length: rows * columns }, (_, place) => {
        let sum = 0;
        for (let at = 0; at < rank; at++)
          sum +=
            (left[whose][Math.floor(place / columns) * rank + at] ?? Number.NaN) *
            (values[whose][at] ?? Number.NaN) *
            (right[whose][at * columns + (place % columns)] ?? Number.NaN);
        return sum;
      });
    const rest = productOf("theirs");
    const largest = Math.max(...rest.map(Math.abs));
    for (const [place, value] of productOf("ours").entries())
      expect(Math.abs(value - (rest[place] ?? Number.NaN)), module).toBeLessThan(1e-5 * largest);
  }
});
