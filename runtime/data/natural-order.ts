import { at } from "../at.ts";

/** Orders names as people count: `train_2` before `train_10`. The same on every machine; equal only for equal names. */
export function compareNaturally(a: string, b: string): number {
  const left = partsOf(a);
  const right = partsOf(b);
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const order = compareParts(at(left, index), at(right, index));
    if (order !== 0) return order;
  }
  return left.length - right.length || compareText(a, b);
}

/** Runs of digits, and what is between them. */
function partsOf(name: string): readonly string[] {
  return name.match(/[0-9]+|[^0-9]+/g) ?? [];
}

function compareParts(a: string, b: string): number {
  if (!/^[0-9]/.test(a) || !/^[0-9]/.test(b)) return compareText(a, b);
  const left = a.replace(/^0+/, "");
  const right = b.replace(/^0+/, "");
  return left.length - right.length || compareText(left, right);
}

/** By code units, whatever the machine's language. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
