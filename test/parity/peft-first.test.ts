import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { firstValuesOf } from "../../compiler/index.ts";
import { elementsOf } from "../../runtime/weights/index.ts";
import { jsonFields, listIn } from "../adapters/small-spec.ts";
import { medctc, prepareProgram, runHere } from "../cli/medctc.ts";
import { below, caseOf, converted, fixture, type Start, starts, writeConverted } from "./peft-first-cases.ts";
import { floats, readTensors, relative, type Tensors, tensorOf, writeTensors } from "./peft-fixture.ts";
import { compileSmall } from "./peft-run.ts";

let folder = "";
beforeAll(() => {
  prepareProgram();
  folder = mkdtempSync(join(tmpdir(), "medctc-peft-first-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a spec calls a tensor of PEFT's. */
function ownName(name: string): string {
  return name.replace(/^base_model\.(?:model\.)?/, "").replace(".token_adapter", "");
}

function isDrawn(start: Start): start is Extract<Start, { readonly deviation: number }> {
  return "deviation" in start;
}

/** Singular vectors, [rank, inputs] and [outputs, rank], which LAPACK computes in 32 bits, and of which it happens to give each pair a sign. */
const singular = /\.tinylora_[AB]$/;

/** Both vectors of a pair have PEFT's signs, or none has. */
function expectEqualSigns(key: string, written: Tensors, expected: Readonly<Record<string, Start>>): void {
  const other = key.replace(/A$/, "B");
  const [down, up] = [key, other].map((each) => {
    const start = expected[each];
    if (start === undefined || isDrawn(start)) throw new Error(`${each} has values`);
    return [...elementsOf(tensorOf(written, each))].map((value, place) => value * (start.values[place] ?? Number.NaN));
  });
  const [rank = 0, inputs = 0] = tensorOf(written, key).shape;
  for (let pair = 0; pair < rank; pair++) {
    const ofInputs = down?.slice(pair * inputs, (pair + 1) * inputs) ?? [];
    const ofOutputs = up?.filter((_, place) => place % rank === pair) ?? [];
    expect(Math.sign(sumOf(ofInputs)), key).toBe(Math.sign(sumOf(ofOutputs)));
  }
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Whether a tensor is one that modules share, once more behind the name of one of them. */
function isCopy(name: string, paths: ReadonlyMap<string, string>): boolean {
  return [...paths].some(([checkpoint, path]) => path.startsWith("shared.") && name.endsWith(`.${checkpoint}`));
}

describe.each(Object.keys(starts))("%s", (name) => {
  const expected = Object.entries(starts[name] ?? {});
  const { text, weights } = caseOf(name);

  test("is written before any step with PEFT's tensors, and PEFT's numbers where these are not drawn", async () => {
    const file = name.replace("/", "-");
    const [spec, given, out] = [`${file}.vlm`, `${file}.safetensors`, file].map((each) => join(folder, each));
    writeFileSync(spec ?? "", text);
    writeTensors(given ?? "", weights);
    const run = await runHere(["export", spec ?? "", "--peft", out ?? "", "--weights", given ?? ""]);
    expect([run.code, run.err]).toEqual([0, expect.not.stringContaining("error")]);
    const written = readTensors(join(out ?? "", "adapter_model.safetensors"));
    expect([...written.keys()].toSorted()).toEqual(expected.map(([key]) => key).toSorted());
    for (const [key, start] of expected) {
      const found = tensorOf(written, key);
      expect([key, found.shape]).toEqual([key, start.shape]);
      if (isDrawn(start)) continue;
      const largest = Math.max(1e-3, ...start.values.map(Math.abs));
      const isSingular = singular.test(key);
      const signed = isSingular ? Math.abs : (value: number): number => value;
      const far = (isSingular ? 1e-5 : 1e-6) * largest;
      for (const [place, value] of [...elementsOf(found)].entries()) {
        const theirs = start.values[place] ?? Number.NaN;
        expect(Math.abs(signed(value) - signed(theirs)), key).toBeLessThanOrEqual(far);
      }
      if (isSingular && key.endsWith("_A")) expectEqualSigns(key, written, starts[name] ?? {});
    }
  });

  test("draws the others as widely as PEFT", () => {
    const { spec, plan } = compileSmall("start", text, "warnings");
    const paths = new Map([...plan.parameters, ...plan.buffers].map(({ checkpoint, path }) => [checkpoint, path]));
    const drawn = expected.flatMap(([key, start]) =>
      isDrawn(start) && !isCopy(ownName(key), paths) ? [[ownName(key), start.deviation] as const] : [],
    );
    const values = new Map<string, number[]>(drawn.map(([key]) => [key, []]));
    for (let seed = 0; seed < 100; seed++) {
      const pieces = firstValuesOf(spec.parameters, seed);
      for (const [key, all] of values) for (const piece of pieces(paths.get(key) ?? key)) all.push(...piece);
    }
    for (const [key, deviation] of drawn) {
      const all = values.get(key) ?? [];
      const found = Math.sqrt(all.reduce((sum, value) => sum + value * value, 0) / all.length);
      // Five deviations of what is estimated from so many numbers, of both.
      const far = 5 * Math.sqrt(1 / all.length);
      expect(Math.abs(found / deviation - 1), key).toBeLessThan(far);
    }
  });
});

describe.each(converted)("%s that was trained", (kind) => {
  test("is written as PEFT converts it: LoRA of twice the rank, for weights that nothing is taken out of", () => {
    const { spec, weights, adapter } = writeConverted(folder, kind);
    const out = join(folder, `${kind}-converted`);
    const run = medctc(["export", spec, "--peft", out, "--weights", weights, "--adapter", adapter]);
    expect([run.code, run.err]).toEqual([0, expect.not.stringContaining("error")]);
    const [ours, theirs] = [out, join(fixture, kind)].map((each) =>
      readTensors(join(each, "adapter_model.safetensors")),
    );
    if (ours === undefined || theirs === undefined) throw new Error("there are two");
    expect([...ours.keys()].toSorted()).toEqual([...theirs.keys()].toSorted());
    expect(theirs.size).toBe(6);
    for (const [key, each] of theirs) {
      expect([key, tensorOf(ours, key).shape]).toEqual([key, each.shape]);
      expect(relative(floats(tensorOf(ours, key)), each), key).toBeLessThan(1e-6);
    }
    const [own, converted] = [out, join(fixture, kind)].map((each) =>
      jsonFields(readFileSync(join(each, "adapter_config.json"), "utf8")),
    );
    expect([own?.["init_lora_weights"], converted?.["init_lora_weights"]]).toEqual([true, true]);
    expect(listIn(own, "target_modules").toSorted()).toEqual(listIn(converted, "target_modules").toSorted());
    expect([own?.["r"], own?.["rank_pattern"]]).toEqual([converted?.["r"], converted?.["rank_pattern"]]);
  });

  test("gives the same model as that LoRA", async () => {
    const { spec, weights, adapter } = writeConverted(folder, kind);
    const merged = join(folder, `${kind}-merged.safetensors`);
    const from = ["--weights", weights, "--adapter", adapter];
    expect((await runHere(["export", spec, "--safetensors", merged, "--merge", ...from])).code).toBe(0);
    const start = below(`${kind}.start.`);
    const end = below(`${kind}.end.`);
    const [plain, changed] = [weights, merged].map(readTensors);
    for (const [module, scale] of [
      ["first", kind === "pissa" ? 5 / 3 : 5 / Math.sqrt(3)],
      ["second", kind === "pissa" ? 5 / 2 : 5 / Math.sqrt(3)],
    ] as const) {
      const before = tensorOf(plain ?? new Map(), `${module}.weight`);
      const expected = floats(before);
      for (const [from, sign] of [
        [end, 1],
        [start, -1],
      ] as const) {
        const [down, up] = ["A", "B"].map((each) => tensorOf(from, `${module}.lora_${each}.weight`));
        const [rank = 0, inputs = 0] = down?.shape ?? [];
        const [a, b] = [down, up].map((each) => (each === undefined ? [] : floats(each)));
        for (let place = 0; place < expected.length; place++)
          for (let index = 0; index < rank; index++)
            expected[place] =
              (expected[place] ?? Number.NaN) +
              sign *
                scale *
                (b?.[Math.floor(place / inputs) * rank + index] ?? Number.NaN) *
                (a?.[index * inputs + (place % inputs)] ?? Number.NaN);
      }
      const found = tensorOf(changed ?? new Map(), `${module}.weight`);
      const largest = Math.max(...expected.map(Math.abs));
      for (const [place, value] of floats(found).entries())
        expect(Math.abs(value - (expected[place] ?? Number.NaN))).toBeLessThan(1e-5 * largest);
    }
  });
});

test("a file of LoRA is refused where the spec takes what it starts from out of the weights", async () => {
  const { spec, weights } = writeConverted(folder, "pissa");
  const lora = join(folder, "lora");
  const plain = join(folder, "plain.vlm");
  writeFileSync(plain, caseOf("peft-kinds/pair-pissa").text.replaceAll("pissa(", "lora("));
  expect((await runHere(["export", plain, "--peft", lora, "--weights", weights])).code).toBe(0);
  const given = ["--weights", weights, "--adapter", lora];
  const missing = await runHere(["export", spec, "--peft", join(folder, "no"), ...given]);
  expect([missing.code, missing.err]).toEqual([1, expect.stringContaining("`first.pissa_A.weight`")]);
  const computed = await runHere([
    "export",
    spec,
    "--peft",
    join(folder, "no"),
    ...given,
    "--allow-missing",
    "*.pissa_*",
  ]);
  expect([computed.code, computed.err]).toEqual([1, expect.stringContaining("takes what it starts from out of it")]);
});
