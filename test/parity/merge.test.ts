import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  buildProgram,
  compileSpec,
  elementCount,
  nodesOf,
  optimiseForOnnx,
  type Program,
  runProgram,
  type TensorData,
} from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { Random } from "../random.ts";

const path = "specs/medct-small.vlm";
const placement = "lora(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.q,v";

function specWith(adapter: string) {
  const name = /^\w+/.exec(adapter)?.[0] ?? "";
  const text = readFileSync(path, "utf8")
    .replace('import "std/lora"', `import "std/${name}"`)
    .replace(placement, adapter)
    .replaceAll(/\n {2}expect [^\n]*/g, "");
  const { spec, diagnostics } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));
  expect(diagnostics.map(({ key }) => key)).toEqual([]);
  if (spec === null) throw new Error("the spec compiles");
  return spec;
}

/** A value between -1 and 1 for everything that a program reads. */
function valuesFor(program: Program) {
  const random = new Random(11);
  const inputs = new Map<string, TensorData>();
  const parameters = new Map<string, TensorData>();
  for (const { operation, type } of program.graph.nodes) {
    if (operation.op !== "input" && operation.op !== "parameter") continue;
    const [into, name] = operation.op === "input" ? [inputs, operation.name] : [parameters, operation.path];
    const draw = (): number => (type.dtype === "i32" ? random.below(2) : random.below(2000) / 1000 - 1);
    if (!into.has(name)) into.set(name, { type, data: Float64Array.from({ length: elementCount(type) }, draw) });
  }
  return { inputs, parameters };
}

function products(program: Program): number {
  return nodesOf(program).filter(({ operation }) => operation.op === "matmul").length;
}

describe("adapters that are folded into weights change nothing but the number of products", () => {
  test.each([
    ["lora(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.q,v", true],
    [
      "lora(rank = 4, alpha = 8, dropout = 0.2) on vision.attn.qkv,o, vision.ff.up,down, text.attn.qkv,o, text.ff.up,down",
      true,
    ],
    ["dora(rank = 4) on vision.attn.qkv, text.attn.q,v", true],
    ["ia3() on vision.attn.kv, text.attn.kv", false],
    ["ia3(on_inputs = true) on vision.ff.down, text.ff.down", false],
    ["bias_only() on vision.attn.qkv, text.attn.q,v", false],
    ["vera(rank = 3) on text.attn.q,v", true],
    ["loha(rank = 2, alpha = 4) on text.attn.q, vision.attn.q", true],
    ["lokr(rank = 2) on text.attn.q, vision.attn.q", true],
    ["lora_fa(rank = 2, alpha = 4) on text.attn.q,v", true],
    ["olora(rank = 2) on text.attn.q", true],
    ["pissa(rank = 2) on text.attn.q", true],
    ["bottleneck(size = 4) on vision.attn.o, vision.ff.down, text.ff.down", false],
  ])("%s", (adapter, hasFewerProducts) => {
    const spec = specWith(adapter);
    const forward = buildProgram(spec, "forward");
    if (forward === null) throw new Error("the spec has this program");
    const plain = optimiseForOnnx(forward, spec);
    const merged = optimiseForOnnx(forward, spec, { merge: true });
    expect(products(merged) < products(plain)).toBe(hasFewerProducts);
    const left = new Set(
      nodesOf(merged).flatMap(({ operation }) => (operation.op === "parameter" ? [operation.path] : [])),
    );
    const isFolded = !adapter.startsWith("bottleneck") && !adapter.startsWith("bias_only");
    expect([...spec.trainable].some((each) => left.has(each))).toBe(!isFolded);
    const values = valuesFor(forward);
    const [expected, found] = [plain, merged].map((program) => runProgram(program, values, "f64"));
    for (const [name, { data }] of expected ?? []) {
      const other = found?.get(name)?.data;
      for (const [place, value] of data.entries()) expect(other?.[place]).toBeCloseTo(value, 9);
    }
  });
});
