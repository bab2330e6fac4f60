import { expect, test } from "vitest";
import { changingAtStart, compileSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { adapterRules, adapterSpec } from "../python/pytorch-adapters.ts";

test("of the library's adapters only prompts and prefixes change a model by their first values", () => {
  const changing = Object.keys(adapterRules).flatMap((name) => {
    const path = `specs/${name}.vlm`;
    const { spec, plan } = compileSpec(createSource(path, adapterSpec(name)), new SpecLibrary("specs/std", path));
    if (spec === null || plan === null) throw new Error(`${name} compiles`);
    const found = changingAtStart(spec, plan);
    return found.length === 0 ? [] : [[name, found]];
  });
  expect(Object.fromEntries(changing)).toEqual({
    cartridge: ["text.cartridge"],
    cartridge_qwen3: ["reader.cartridge"],
    lora_parameter: ["text.prefix"],
    multitask_prompt: ["text.embeddings.multitask_prompt"],
    p_tuning: ["text.embeddings.p_tuning"],
    prefix: ["text.prefix"],
    prefix_clip: ["captions.prefix", "titles.prefix"],
    prefix_qwen3: ["reader.prefix"],
    prompt: ["text.embeddings.prompt"],
  });
});
