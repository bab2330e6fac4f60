import type { AdapterUpdate, Declared } from "../../../compiler/index.ts";
import {
  type ConfigFields,
  computedOf,
  declaredConfig,
  isCopied,
  isOfWholeModel,
  peftPrefix,
  peftRoot,
} from "../../adapters/index.ts";
import type { FloatTensor, WeightPieces } from "../../weights/index.ts";

export type DeclaredUpdate = AdapterUpdate & Declared;

/** What PEFT's two files hold. */
export interface WrittenForPeft {
  readonly kind: "config";
  readonly config: ConfigFields;
  readonly tensors: ReadonlyMap<string, FloatTensor>;
}

/** PEFT's files of adapters whose declarations say what these are in PEFT, in a model of some modules, or in words why it has none. */
export function peftOfDeclared(
  updates: readonly DeclaredUpdate[],
  piecesOf: WeightPieces,
  modules: ReadonlySet<string>,
): WrittenForPeft | { readonly kind: "wrong"; readonly problem: string } {
  const written = declaredConfig(
    updates.map(({ form }) => form),
    modules,
  );
  if (written.kind === "wrong") return written;
  const tensors = new Map<string, FloatTensor>();
  for (const { form, tensors: own, shared } of updates) {
    const left = computedOf(form);
    const prefix = isOfWholeModel(form) ? "" : peftPrefix;
    for (const [before, given] of [
      [prefix, own],
      [peftRoot, shared],
      [`${prefix}${form.module}.`, isCopied(form) ? shared : []],
    ] as const)
      for (const { path, checkpoint, shape, dtype } of given.filter((each) => !left.has(each.checkpoint)))
        tensors.set(`${before}${checkpoint}`, { shape, data: () => piecesOf(path), isWhole: dtype === "i32" });
  }
  return { ...written, tensors };
}
