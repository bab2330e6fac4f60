import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { expect } from "vitest";
import { compileSpec, type Plan, type TracedSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { readSafetensors, type StoredTensor } from "../../runtime/weights/index.ts";

/**
 * What a published model's own code gave at a small size, in a folder test/fixtures/NAME-small:
 *
 *     make.py               repeats everything below from that code
 *     small.vlm             the reference spec at this size, with the fixture's adapters
 *     trained.vlm           the same without adapters, with everything trained
 *     weights.safetensors   parameters and buffers of the base, named as in its checkpoint
 *     batch.safetensors     the inputs, named as the spec's
 *     lora.safetensors      the adapters, named as PEFT names them, without its `base_model.model.`
 *     expected.safetensors  `stage.X`, where X is the spec's name of the value; `loss`, and `grad.NAME` of each parameter, with
 *                           everything trained; `lora_loss`, and `lora_grad.NAME` of each adapter, with the adapters in place
 *     fixture.json          see `notes`
 */
export interface PublishedFixture {
  readonly name: string;
  readonly folder: string;
  readonly vanishing: readonly RegExp[];
  readonly unused: readonly RegExp[];
}

/** Regular expressions that names of tensors are searched for. */
const notes = v.strictObject({
  /** Those whose exact gradient is zero, so that what is found is rounding: they are compared absolutely. */
  vanishing: v.array(v.string()),
  /** Those that have no part in the loss, so that they have no gradient. */
  unused: v.optional(v.array(v.string())),
});

const root = "test/fixtures";

/** The fixtures of published models: folders with a `fixture.json`. */
export const publishedFixtures: readonly PublishedFixture[] = readdirSync(root)
  .filter((name) => name.endsWith("-small") && existsSync(join(root, name, "fixture.json")))
  .map((name) => {
    const folder = join(root, name);
    const { vanishing, unused = [] } = v.parse(notes, JSON.parse(readFileSync(join(folder, "fixture.json"), "utf8")));
    const patterns = (all: readonly string[]) => all.map((each) => new RegExp(each));
    return { name: name.replace(/-small$/, ""), folder, vanishing: patterns(vanishing), unused: patterns(unused) };
  });

type TensorFile = "weights" | "batch" | "lora" | "expected";

export function fixtureTensors({ folder }: PublishedFixture, file: TensorFile): ReadonlyMap<string, StoredTensor> {
  return readSafetensors(file, readFileSync(join(folder, `${file}.safetensors`)));
}

/** A spec of a fixture that compiles without an error. */
export function fixtureSpec(
  { folder }: PublishedFixture,
  file: "small" | "trained",
): { readonly plan: Plan; readonly spec: TracedSpec } {
  const path = join(folder, `${file}.vlm`);
  const source = createSource(path, readFileSync(path, "utf8"));
  const { plan, spec, diagnostics } = compileSpec(source, new SpecLibrary("specs/std", path));
  // Where everything is trained, a warning says that nothing is frozen.
  expect(diagnostics.flatMap(({ severity, message }) => (severity === "error" ? [message] : []))).toEqual([]);
  if (plan === null || spec === null) throw new Error("a spec without errors has a plan");
  return { plan, spec };
}
