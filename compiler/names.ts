/** Names that a command line offers, apart from what they name: that takes long to load. */

/** The programs that a model has. */
export const programNames = [
  "forward",
  "encode_image",
  "encode_text",
  "step",
  "embed",
  "compare",
  "backpropagate",
  "update",
  "init",
] as const;

export type ProgramName = (typeof programNames)[number];

/** The passes, in their order. */
export const passNames = [
  "lower-draws",
  "split-projections",
  "scale-operands",
  "collect-factors",
  "tile-attention",
  "tile-rows",
  "differentiate",
  "accumulate-gradients",
  "clip-gradients",
  "apply-optimizer",
  "simplify",
  "collect-factors-again",
  "join-slice-gradients",
  "eliminate-common-subexpressions",
  "lower-precision",
  "eliminate-common-subexpressions-again",
  "hoist",
  "recompute-scores",
  "recompute-elements",
  "recompute-layers",
] as const;

export type PassName = (typeof passNames)[number];

/** The targets, and whether a spec alone is enough to write their files: others have the values of weights in them. */
const targetWords = {
  tensorflow: { needsWeights: false },
  onnx: { needsWeights: true },
  pytorch: { needsWeights: false },
} as const satisfies Readonly<Record<string, { readonly needsWeights: boolean }>>;

export type TargetName = keyof typeof targetWords;

export type NeedsWeights<Name extends TargetName> = (typeof targetWords)[Name]["needsWeights"];

/** The names of the targets whose files are written of a spec alone. */
export function compiledTargetNames(): readonly string[] {
  return Object.entries(targetWords).flatMap(([name, { needsWeights }]) => (needsWeights ? [] : [name]));
}
