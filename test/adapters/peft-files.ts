import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { elementsOf } from "../../runtime/weights/index.ts";
import { runHere } from "../cli/medctc.ts";
import { readTensors, relative, type Tensors, tensorOf } from "../parity/peft-fixture.ts";
import { jsonFields } from "./small-spec.ts";

/** The tensors in a folder of PEFT's. */
export function adapterTensors(folder: string): Tensors {
  return readTensors(join(folder, "adapter_model.safetensors"));
}

/** The config in a folder of PEFT's. */
export function adapterConfig(folder: string): Readonly<Record<string, unknown>> {
  return jsonFields(readFileSync(join(folder, "adapter_config.json"), "utf8"));
}

/** Runs medctc, and expects that it succeeds and names no error; gives what it prints on standard error. */
export async function succeeds(words: readonly string[]): Promise<string> {
  const run = await runHere(words);
  expect([run.code, run.err]).toEqual([0, expect.not.stringContaining("error")]);
  return run.err;
}

/**
 * Expects a folder to have the tensors of another one, or those of them that have elements: the same names and shapes, and values that
 * differ by at most `within` of the largest.
 */
export function expectSameTensors(ours: string, theirs: string, within = 0, which: "all" | "filled" = "all"): void {
  const found = adapterTensors(ours);
  const all = [...adapterTensors(theirs)];
  const expected = new Map(all.filter(([, { shape }]) => which === "all" || !shape.includes(0)));
  expect([...found.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
  for (const [key, each] of expected) {
    const own = tensorOf(found, key);
    expect([key, own.shape]).toEqual([key, each.shape]);
    if (within === 0) expect([...elementsOf(own)], key).toEqual([...elementsOf(each)]);
    else expect(relative([...elementsOf(own)], each), key).toBeLessThan(within);
  }
}

/** Merges a case's adapter into its weights, and expects what PEFT changed in them. */
export async function expectMergedAs(
  out: string,
  { spec, weights }: { readonly spec: string; readonly weights: string },
  adapter: string,
  changed: Tensors,
): Promise<void> {
  await succeeds(["adapter", "merge", spec, "--weights", weights, "--adapter", adapter, "-o", out]);
  expect(changed.size).toBeGreaterThan(0);
  expectMerged(out, weights, changed);
}

/** Expects merged weights to be those that PEFT changed, within 1e-6 of the largest, and all others to be what they were before. */
export function expectMerged(merged: string, before: string, changed: Tensors): void {
  const [found, given] = [readTensors(merged), readTensors(before)];
  expect([...found.keys()].toSorted()).toEqual([...given.keys()].toSorted());
  for (const key of changed.keys()) expect(found.has(key), key).toBe(true);
  for (const [key, each] of found) {
    const [own, wanted] = [[...elementsOf(each)], changed.get(key)];
    if (wanted === undefined) expect(own, key).toEqual([...elementsOf(tensorOf(given, key))]);
    else expect(relative(own, wanted), key).toBeLessThan(1e-6);
  }
}
