import {
  isRoundedDtype,
  largestOf,
  type RoundedDtype,
  rounded,
  type StoredDtype,
  type StoredPieces,
} from "../../weights/index.ts";
import type { ExactPieces } from "./folded-weights.ts";

/** The types of elements that can be asked for. */
export type ExportedDtype = "f32" | "f16" | "bf16";

const stored: Readonly<Record<ExportedDtype, RoundedDtype>> = { f32: "F32", f16: "F16", bf16: "BF16" };

/** Which types become the one that is asked for: what is smaller is stored so for a reason of its own. */
const converted: ReadonlySet<StoredDtype> = new Set(["F64", "F32", "F16", "BF16"]);

/** The type that a tensor of numbers is written in, which the file has as `inFile`. */
export function writtenAs(inFile: StoredDtype | null, asked: ExportedDtype | null): RoundedDtype | null {
  if (asked !== null && (inFile === null || converted.has(inFile))) return stored[asked];
  return inFile !== null && isRoundedDtype(inFile) ? inFile : null;
}

/** What became of numbers that were rounded. */
export interface Rounding {
  /** Tensors that fewer digits are kept of than they were computed with, by their types. */
  readonly shortened: Map<RoundedDtype, number>;
  /** Tensors that stay in 32 bits, with the value that the other type has no room for. */
  readonly tooLarge: { readonly name: string; readonly value: number; readonly dtype: RoundedDtype }[];
  /** Tensors with infinities or NaN. */
  readonly notFinite: { readonly name: string; readonly count: number }[];
}

export function noRounding(): Rounding {
  return { shortened: new Map(), tooLarge: [], notFinite: [] };
}

/**
 * Numbers as they are stored, each rounded once. What has a value that a smaller type makes infinite stays in 32 bits, and is listed in
 * `rounding`, as is what has values that are not numbers in the first place. The numbers are asked for twice where a type may be too small.
 */
export function storedNumbers(
  name: string,
  shape: readonly number[],
  wanted: RoundedDtype | null,
  values: () => ReturnType<ExactPieces>,
  rounding: Rounding,
): StoredPieces {
  const asked = wanted ?? "F32";
  const large = asked === "F64" || asked === "F32" ? null : tooLarge(asked, values());
  if (large !== null) rounding.tooLarge.push({ name, value: large, dtype: asked });
  const dtype = large === null ? asked : "F32";
  if (dtype !== "F64" && dtype !== "F32") rounding.shortened.set(dtype, (rounding.shortened.get(dtype) ?? 0) + 1);
  return { dtype, shape, bytes: () => roundedPieces(name, dtype, values(), rounding) };
}

/** The first number that becomes infinite, or none that is, by rounding. */
function tooLarge(dtype: RoundedDtype, pieces: ReturnType<ExactPieces>): number | null {
  // Halfway to the number after the largest is rounded up.
  const limit = largestOf(dtype);
  for (const piece of pieces)
    for (const value of piece)
      if (Math.abs(value) > limit && Number.isFinite(value) && !isFiniteAs(dtype, value)) return value;
  return null;
}

function isFiniteAs(dtype: RoundedDtype, value: number): boolean {
  const code = rounded(dtype, Float64Array.of(Math.abs(value)));
  const largest = rounded(dtype, Float64Array.of(largestOf(dtype)));
  return code.every((byte, place) => byte === largest[place]);
}

function* roundedPieces(
  name: string,
  dtype: RoundedDtype,
  pieces: ReturnType<ExactPieces>,
  rounding: Rounding,
): Iterable<Uint8Array> {
  let count = 0;
  for (const piece of pieces) {
    for (const value of piece) if (!Number.isFinite(value)) count++;
    yield rounded(dtype, piece);
  }
  if (count > 0) rounding.notFinite.push({ name, count });
}
