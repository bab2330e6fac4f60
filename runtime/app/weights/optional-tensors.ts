import { elementCount, evaluateExactly, type OptionalTensor } from "../../../compiler/index.ts";
import { type Diagnostic, report } from "../../../grammar/index.ts";
import { at } from "../../at.ts";
import type { NameMatch, OpenTensors, PlacedTensor, StoredDtype } from "../../weights/index.ts";
import { misshapen } from "./match-tensors.ts";

/** What a file has of what a checkpoint may have besides, by its names in the file. */
export type FoundOptional = ReadonlyMap<string, OptionalTensor>;

/** Finds these behind the prefixes behind which the weights were found. */
export function findOptional(
  optional: readonly OptionalTensor[],
  { tensors }: OpenTensors,
  { found, rules }: NameMatch,
): FoundOptional {
  const used = new Set(found.values());
  const prefixes = [{ removed: "", added: "" }, ...rules];
  return new Map(
    optional.flatMap((each) => {
      const names = prefixes.flatMap(({ removed, added }) =>
        each.checkpoint.startsWith(added) ? [removed + each.checkpoint.slice(added.length)] : [],
      );
      const name = names.find((one) => tensors.has(one) && !used.has(one));
      return name === undefined ? [] : [[name, each] as const];
    }),
  );
}

/** How a tensor differs from what the model computes. */
export type OptionalDifference =
  | { readonly kind: "shape"; readonly found: readonly number[] }
  /** The first element that differs, and how many do. */
  | {
      readonly kind: "value";
      readonly index: readonly number[];
      readonly found: number;
      readonly expected: number;
      readonly count: number;
    };

/** Whether a file's tensor is what a spec says of it, up to the rounding of its type; null where it is. */
export function optionalDifference(
  { type, value }: OptionalTensor,
  tensor: PlacedTensor,
  file: OpenTensors,
): OptionalDifference | null {
  if (tensor.shape.join() !== type.shape.join()) return { kind: "shape", found: tensor.shape };
  if (value === null) return null;
  const values = typeof value === "number" ? null : evaluateExactly(value, () => []);
  const expectedAt = (place: number): number => (typeof value === "number" ? value : (values?.[place] ?? Number.NaN));
  const [relative, absolute] = roundingOf(tensor.dtype);
  let first: { readonly place: number; readonly found: number } | null = null;
  let count = 0;
  let place = 0;
  for (const piece of file.floats(tensor)) {
    for (const found of piece) {
      const expected = expectedAt(place);
      // Written so that what is not a number differs.
      if (!(Math.abs(found - expected) <= relative * Math.abs(expected) + absolute)) {
        first ??= { place, found };
        count++;
      }
      place++;
    }
  }
  if (first === null) return null;
  const index = indexOf(first.place, type.shape);
  return { kind: "value", index, found: first.found, expected: expectedAt(first.place), count };
}

/** Differences that are named: every layer may have its own. */
const mostNamed = 5;

/** What is wrong with what a file has besides. */
export function optionalWrongs(path: string, file: OpenTensors, found: FoundOptional): readonly Diagnostic[] {
  const wrongs = [...found].flatMap(([name, optional]): readonly Diagnostic[] => {
    const tensor = file.tensors.get(name);
    const difference = tensor === undefined ? null : optionalDifference(optional, tensor, file);
    if (difference === null) return [];
    if (difference.kind === "shape") return [{ ...misshapen(name, difference.found, optional.type), file: path }];
    const { index, found: has, expected, count } = difference;
    const of = `${count} of its ${elementCount(optional.type)} elements`;
    const params = { path, name, index, found: printElement(has), expected: printElement(expected), count: of };
    return [report("differing-buffer", path, params)];
  });
  return wrongs.slice(0, mostNamed);
}

export function printElement(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** How far a stored value may lie from the exact one, as a part of it and besides: others may compute these in the stored type. */
function roundingOf(dtype: StoredDtype): readonly [relative: number, absolute: number] {
  switch (dtype) {
    case "F64":
    case "F32":
      return [1e-5, 1e-30];
    case "BF16":
      return [2 ** -6, 1e-30];
    case "F16":
      return [2 ** -9, 2 ** -24];
    case "F8_E4M3":
      return [2 ** -2, 2 ** -9];
    case "F8_E5M2":
      return [2 ** -1, 2 ** -16];
    case "I64":
    case "I32":
    case "I16":
    case "I8":
    case "U64":
    case "U32":
    case "U16":
    case "U8":
    case "BOOL":
      return [0, 0];
  }
}

function indexOf(place: number, shape: readonly number[]): readonly number[] {
  let left = place;
  const index: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index.unshift(left % at(shape, axis));
    left = Math.floor(left / at(shape, axis));
  }
  return index;
}
