import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { adapterSpectra } from "../../runtime/app/adapters/spectra.ts";
import { noCard } from "../../runtime/app/export/card.ts";
import { elementsOf, readSafetensors } from "../../runtime/weights/index.ts";
import { writeRandomAdapter } from "../onnx/served-model.ts";
import { listeningReporter } from "./listening-reporter.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-deltas-"));
afterAll(() => rmSync(folder, { recursive: true }));

function spectraOf(kind: string, call: string, on = "text.layers[0].attn.q, text.layers[1].attn.v") {
  const spec = join(folder, `${kind}.vlm`);
  const text = readFileSync("specs/medct-small.vlm", "utf8")
    .replace('import "std/lora"', `import "std/${kind}"`)
    .replace(/lora\(rank = 4, alpha = 8\) on .*/, `${call} on ${on}`)
    .replace(/^ {2}expect .*$/gm, "");
  writeFileSync(spec, text);
  const file = join(folder, `${kind}.safetensors`);
  writeRandomAdapter(file, spec, 4);
  const reporter = listeningReporter();
  const none = { other: null, weights: null, copy: null, rank: null, energy: null, folder: null, card: noCard };
  const ended = adapterSpectra({ ...none, adapter: file, forSpec: spec }, reporter);
  return { tensors: readSafetensors(file, readFileSync(file)), ended, heard: reporter.heard };
}

test("LoHa's updates have the rank and the norm of both products, element by element", () => {
  const { tensors, ended, heard } = spectraOf("loha", "loha(rank = 2, alpha = 4)");
  const modules = ended.kind === "done" ? ended.value.modules : [];
  expect(heard.filter((each) => each.startsWith("E7"))).toEqual([]);
  expect(modules).toHaveLength(2);
  for (const { module, norm, rank, shape } of modules) {
    // Two products of rank 2 make one of rank 4 at most.
    expect(rank).toBe(4);
    const [w1a, w1b, w2a, w2b] = ["w1_a", "w1_b", "w2_a", "w2_b"].map((name) => {
      const tensor = tensors.get(`${module}.hada_${name}`);
      if (tensor === undefined) throw new Error(`${module} has ${name}`);
      return elementsOf(tensor);
    });
    const [outputs, inputs] = shape;
    const product = (a: ArrayLike<number> | undefined, b: ArrayLike<number> | undefined, row: number, column: number) =>
      [0, 1].reduce((sum, index) => sum + (a?.[2 * row + index] ?? NaN) * (b?.[index * inputs + column] ?? NaN), 0);
    let squares = 0;
    for (let row = 0; row < outputs; row++)
      for (let column = 0; column < inputs; column++)
        squares += (2 * product(w1a, w1b, row, column) * product(w2a, w2b, row, column)) ** 2;
    expect(norm).toBeCloseTo(Math.sqrt(squares), 6);
  }
});

test("LoKr's updates have the norm of both factors, multiplied", () => {
  const { tensors, ended } = spectraOf("lokr", "lokr(rank = 2, alpha = 4)");
  const modules = ended.kind === "done" ? ended.value.modules : [];
  expect(modules).toHaveLength(2);
  const lengthOf = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values));
  for (const { module, norm } of modules) {
    const named = (ending: string): ArrayLike<number> | null => {
      const tensor = tensors.get(`${module}.lokr_${ending}`);
      return tensor === undefined ? null : elementsOf(tensor);
    };
    const factorOf = (factor: string): ArrayLike<number> => {
      const whole = named(factor);
      if (whole !== null) return whole;
      const [a, b] = [named(`${factor}_a`), named(`${factor}_b`)];
      if (a === null || b === null) throw new Error(`${module} has ${factor}`);
      const [rows, columns] = [a.length / 2, b.length / 2];
      return Array.from({ length: rows * columns }, (_, place) => {
        const [row, column] = [Math.floor(place / columns), place % columns];
        return [0, 1].reduce(
          (sum, index) => sum + (a[2 * row + index] ?? NaN) * (b[index * columns + column] ?? NaN),
          0,
        );
      });
    };
    expect(norm).toBeCloseTo(2 * lengthOf(factorOf("w1")) * lengthOf(factorOf("w2")), 6);
  }
});

test.each([
  ["turn a weight", "oft", "oft(block = 8)", undefined, "changes its weight in another way than by adding to it"],
  ["learn another norm", "ln_tuning", "ln_tuning()", "text.layers[0].norm", "has another value by the adapter"],
  ["change a bias", "bias_only", "bias_only()", undefined, "is of an adapter that changes its bias alone"],
])("adapters that %s add nothing to a weight, and are refused by name", (_, kind, call, on, why) => {
  const { ended, heard } = spectraOf(kind, call, on);
  expect(ended.kind).toBe("refused");
  expect(heard.at(-1)).toContain(why);
});
