/** A whole number with commas between thousands. */
export function printCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** A share of a whole, `0.380 %`. */
export function printShare(part: number, whole: number): string {
  return whole === 0 ? "-" : `${((100 * part) / whole).toFixed(3)} %`;
}

/** What an expectation found, in the unit in which it is written. */
export function printFound(text: string, found: number): string {
  if (text.endsWith("%")) return `${(100 * found).toPrecision(4)} %`;
  return Number.isInteger(found) ? printCount(found) : found.toPrecision(6);
}
