import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { buildForward, nodesOf, optimise, type ProgramName, printProgram, stepPrograms } from "../../compiler/index.ts";
import { type PassName, passNames } from "../../compiler/names.ts";
import { programOf, specOf } from "./specs.ts";

type Edit = (text: string) => string;

const dropping: Edit = (text) => text.replace("lora(rank = 4, alpha = 8)", "lora(rank = 4, alpha = 8, dropout = 0.1)");
const inBf16: Edit = (text) => text.replace('precision = "f32"', 'precision = "bf16"');

const [small, reference, cut] = [
  "specs/medct-small.vlm",
  "specs/medct.vlm",
  "test/golden/programs/micro-batches.vlm",
] as const;

/** For each pass a program of a spec that it is meant to change. */
const changed: Readonly<
  Record<PassName, { readonly spec: string; readonly program: ProgramName; readonly edit?: Edit }>
> = {
  "lower-draws": { spec: small, program: "step", edit: dropping },
  "split-projections": { spec: small, program: "step" },
  "scale-operands": { spec: small, program: "step" },
  "collect-factors": { spec: small, program: "step" },
  // Only the reference has values that are larger than a block.
  "tile-attention": { spec: reference, program: "forward" },
  "tile-rows": { spec: reference, program: "forward" },
  differentiate: { spec: small, program: "step" },
  "accumulate-gradients": { spec: cut, program: "backpropagate" },
  "clip-gradients": { spec: cut, program: "update" },
  "apply-optimizer": { spec: small, program: "step" },
  simplify: { spec: small, program: "step" },
  "collect-factors-again": { spec: small, program: "step" },
  "join-slice-gradients": { spec: small, program: "step" },
  "eliminate-common-subexpressions": { spec: small, program: "step" },
  "lower-precision": { spec: small, program: "step", edit: inBf16 },
  "eliminate-common-subexpressions-again": { spec: small, program: "step", edit: inBf16 },
  hoist: { spec: small, program: "step" },
  // With narrow heads, scores are larger than what they are products of.
  "recompute-scores": {
    spec: small,
    program: "step",
    edit: (text) => text.replace("heads = 4,\n    dim_head = 8", "heads = 16,\n    dim_head = 2"),
  },
  "recompute-elements": { spec: small, program: "step" },
  "recompute-layers": {
    spec: small,
    program: "step",
    edit: (text) => text.replace('precision = "f32"', "recompute = layers"),
  },
};

test.each(passNames)("%s changes the program that it is meant for", (name) => {
  const { spec: path, program, edit } = changed[name];
  const spec = specOf(path, edit);
  const built = programOf(spec, program);
  const prints = [printProgram(built)];
  const ran: string[] = [];
  optimise(built, spec, {
    last: name,
    after: (pass, current) => {
      ran.push(pass);
      prints.push(printProgram(current));
    },
  });
  expect(ran.at(-1)).toBe(name);
  expect(prints.at(-1) === prints.at(-2)).toBe(false);
});

test("every pass has a test of its own", () => {
  const files = new Set(passNames.map((name) => `test/passes/${name.replace(/-again$/, "")}.test.ts`));
  expect([...files].filter((file) => !existsSync(file))).toEqual([]);
});

test.each([
  [small, dropping],
  [cut, (text: string): string => text],
])("every pass of %s finds and leaves programs as it says, well-formed", (path, edit) => {
  const spec = specOf(path, edit);
  const programs = [...(stepPrograms(spec) ?? []), buildForward(spec, [])];
  expect(programs.length).toBeGreaterThan(1);
  for (const program of programs) {
    expect(nodesOf(optimise(program, spec, { isChecked: true })).length).toBeGreaterThan(0);
  }
});

test("a pass whose requirement does not hold is named", () => {
  const spec = specOf(small, dropping);
  const skip = { without: new Set(["lower-draws"]), isChecked: true };
  expect(() => optimise(programOf(spec, "step"), spec, skip)).toThrow(
    "before differentiate, the program step has not the property no dropout",
  );
});
