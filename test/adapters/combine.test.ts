import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { asUpdate, blocksOf, loraPartsOf, readAdapter } from "../../runtime/adapters/index.ts";
import { combineAdapters } from "../../runtime/app/adapters/combine.ts";
import { noCard } from "../../runtime/app/export/card.ts";
import { elementsOf, readSafetensors } from "../../runtime/weights/index.ts";
import { combineCases, fixture } from "./combine-cases.ts";
import { listeningReporter } from "./listening-reporter.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-combine-"));
afterAll(() => rmSync(folder, { recursive: true }));

const file = join(fixture, "updates.safetensors");
const expected = readSafetensors(file, readFileSync(file));

/** What an adapter adds to the weight of each module, and factors as they are. */
function updatesIn(path: string): ReadonlyMap<string, Float64Array> {
  const read = readAdapter(join(path, "adapter_model.safetensors"));
  if (read.kind === "wrong") throw new Error(read.diagnostic.message);
  const { modules, others } = loraPartsOf(read);
  return new Map([
    ...[...modules].map(([module, { matrices, scale }]) => {
      const { outputs, inputs, rank, up, down } = asUpdate(blocksOf(matrices, scale));
      // PEFT counts this projection twice, and so do we when reading.
      const factor = module.endsWith(".out_proj") ? 0.5 : 1;
      const values = Float64Array.from({ length: outputs * inputs }, (_, place) => {
        const [row, column] = [Math.floor(place / inputs), place % inputs];
        let sum = 0;
        for (let index = 0; index < rank; index++)
          sum += (up[row * rank + index] ?? Number.NaN) * (down[index * inputs + column] ?? Number.NaN);
        return factor * sum;
      });
      return [module.replace(/\.in_proj$/, ""), values] as const;
    }),
    ...[...others].map(([name, { values }]) => [name.replace(/\.ia3_l$/, ""), values] as const),
  ]);
}

function lengthOf(values: ArrayLike<number>): number {
  return Math.hypot(...Array.from(values));
}

describe("several adapters become what PEFT's add_weighted_adapter makes of them", () => {
  test.each([...combineCases])("%s", (name, request) => {
    const reporter = listeningReporter();
    const into = join(folder, name);
    const ended = combineAdapters({ ...request, folder: into, card: noCard }, reporter);
    expect(reporter.heard).toEqual([]);
    expect(ended.kind).toBe("done");
    const found = updatesIn(into);
    const modules = [...expected.keys()]
      .filter((key) => key.startsWith(`${name}.`))
      .map((key) => key.slice(name.length + 1));
    expect([...found.keys()].sort()).toEqual(modules.sort());
    for (const module of modules) {
      const tensor = expected.get(`${name}.${module}`);
      const [values, wanted] = [found.get(module) ?? [], tensor === undefined ? [] : elementsOf(tensor)];
      expect(values.length).toBe(wanted.length);
      const difference = Array.from(wanted, (value, place) => value - (values[place] ?? Number.NaN));
      expect(lengthOf(difference)).toBeLessThanOrEqual(1e-6 * lengthOf(wanted));
    }
  });
});
