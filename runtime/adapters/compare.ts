import { innerProduct, type LowRankUpdate, normOf, normOfDifference } from "./low-rank.ts";
import { placeModules } from "./place-modules.ts";
import type { StoredAdapter, StoredPart } from "./read.ts";

/** One name that two adapters have, and how far apart what they have there is. */
export interface Comparison {
  readonly name: string;
  /** An update, or a tensor that is none. */
  readonly kind: "update" | "tensor";
  /** Ranks of updates. */
  readonly ranks: readonly [number, number] | null;
  /** Frobenius norms; of updates with their scales where these are known. */
  readonly norms: readonly [number, number];
  /** The norm of the difference; null where the shapes differ or only one scale is known. */
  readonly difference: number | null;
  /** The cosine of the angle between the two; null where the shapes differ or one of them is zero. */
  readonly cosine: number | null;
}

export interface AdapterDifference {
  readonly both: readonly Comparison[];
  /** The same of everything that both have, as if it were one tensor; null where there is nothing or shapes differ. */
  readonly whole: Pick<Comparison, "norms" | "difference" | "cosine"> | null;
  /** Names that only the first has, and only the second. */
  readonly only: readonly [readonly string[], readonly string[]];
  /** Whether the scale of each update is known, in the first and in the second. */
  readonly isScaled: readonly [boolean, boolean];
}

/** Compares two adapters by what they do to weights, whatever their ranks are. */
export function compareAdapters(a: StoredAdapter, b: StoredAdapter): AdapterDifference {
  const measured = [...a.parts].flatMap(([name, part]) => {
    const other = b.parts.get(name);
    return other === undefined ? [] : [measure(name, part, other)];
  });
  const without = (one: StoredAdapter, two: StoredAdapter): readonly string[] =>
    [...one.parts.keys()].filter((name) => !two.parts.has(name));
  return {
    both: measured.map(({ comparison }) => comparison),
    whole: wholeOf(measured),
    only: [without(a, b), without(b, a)],
    isScaled: [isScaled(a), isScaled(b)],
  };
}

/** An adapter that is compared, by the names of another one that has it, too. */
export type Renamed =
  | { readonly kind: "same" }
  | {
      readonly kind: "renamed";
      readonly adapter: StoredAdapter;
      readonly example: readonly [own: string, other: string];
    }
  /** It could be several parts of what the other one is of. */
  | { readonly kind: "several"; readonly prefixes: readonly string[] };

/** An adapter of one encoder alone, by the names that its modules have in an adapter of the whole model; both may be of the same. */
export function withNamesOf(adapter: StoredAdapter, whole: StoredAdapter): Renamed {
  const names = [...adapter.parts.keys()];
  const [first] = names;
  if (first === undefined || names.some((name) => whole.parts.has(name))) return { kind: "same" };
  const placed = placeModules(names, whole.parts.keys());
  switch (placed.kind) {
    case "placed": {
      const parts = new Map([...adapter.parts].map(([name, part]) => [placed.nameOf(name), part]));
      return { kind: "renamed", adapter: { ...adapter, parts }, example: [first, placed.nameOf(first)] };
    }
    case "several":
      return placed;
    case "unknown":
      return { kind: "same" };
  }
}

function isScaled({ parts }: StoredAdapter): boolean {
  return [...parts.values()].every((part) => part.kind === "tensor" || part.isScaled);
}

interface Measured {
  readonly comparison: Comparison;
  /** Null where the shapes differ. */
  readonly inner: number | null;
}

function measure(name: string, one: StoredPart, two: StoredPart): Measured {
  const [a, b] = [asUpdate(one), asUpdate(two)];
  const norms = [normOf(a), normOf(b)] as const;
  const isUpdate = one.kind === "update" && two.kind === "update";
  const ranks = isUpdate ? ([one.rank, two.rank] as const) : null;
  const kind = isUpdate ? "update" : "tensor";
  if (shapeOf(one) !== shapeOf(two))
    return { comparison: { name, kind, ranks, norms, difference: null, cosine: null }, inner: null };
  const inner = innerProduct(a, b);
  const isComparable = !isUpdate || one.isScaled === two.isScaled;
  const difference = isComparable ? normOfDifference(a, b) : null;
  return { comparison: { name, kind, ranks, norms, difference, cosine: cosineOf(inner, norms) }, inner };
}

function cosineOf(inner: number, [a, b]: readonly [number, number]): number | null {
  return a === 0 || b === 0 ? null : inner / (a * b);
}

/** A tensor is an update of rank 1 of one column. */
function asUpdate(part: StoredPart): LowRankUpdate {
  if (part.kind === "update") return part.update;
  return { outputs: part.values.length, inputs: 1, rank: 1, down: [1], up: part.values, scale: 1 };
}

function shapeOf(part: StoredPart): string {
  if (part.kind === "tensor") return part.shape.join();
  const { update, kernel } = part;
  return [update.outputs, update.inputs, ...kernel].join(" x ");
}

function wholeOf(measured: readonly Measured[]): AdapterDifference["whole"] {
  if (measured.length === 0) return null;
  let [first, second, between, inner] = [0, 0, 0, 0];
  let isComparable = true;
  for (const { comparison, inner: product } of measured) {
    if (product === null) return null;
    const [a, b] = comparison.norms;
    first += a * a;
    second += b * b;
    inner += product;
    if (comparison.difference === null) isComparable = false;
    else between += comparison.difference ** 2;
  }
  const norms = [Math.sqrt(first), Math.sqrt(second)] as const;
  return { norms, difference: isComparable ? Math.sqrt(between) : null, cosine: cosineOf(inner, norms) };
}
