import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { type Compiled, compileSpec, type Plan, type TracedSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const path = "specs/medct-small.vlm";
const placement = "lora(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.q,v";

/** The text of the small spec with other placements, and what stands before its model. */
export function smallSpecWith(placements: readonly string[], before = ""): string {
  const libraries = ["bottleneck", "bias_only", "dora", "ia3", "lora_embedding", "olora", "pissa"]
    .map((name) => `import "std/${name}"\n`)
    .join("");
  return readFileSync(path, "utf8")
    .replace('import "std/lora"\n', `import "std/lora"\n${libraries}${before}`)
    .replace(placement, placements.join("\n  "))
    .replaceAll(/\n {2}expect [^\n]*/g, "");
}

/** A spec that compiles but for warnings, which a placement on some layers gives. */
export function compiledText(text: string): Compiled & { readonly spec: TracedSpec; readonly plan: Plan } {
  const compiled = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));
  expect(compiled.diagnostics.flatMap(({ severity, message }) => (severity === "error" ? [message] : []))).toEqual([]);
  const { spec, plan } = compiled;
  if (spec === null || plan === null) throw new Error("a spec without errors has a plan");
  return { ...compiled, spec, plan };
}

/** The fields of a JSON text that is an object. */
export function jsonFields(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) throw new Error("the text is an object");
  return Object.fromEntries(Object.entries(value));
}

export function listIn(fields: Readonly<Record<string, unknown>> | undefined, key: string): readonly unknown[] {
  const list: unknown = fields?.[key];
  if (!Array.isArray(list)) throw new Error(`${key} is a list`);
  return list;
}
