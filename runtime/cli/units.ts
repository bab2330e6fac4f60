/** A whole number with commas between thousands. */
export function printCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** A share of a whole, `0.380 %`. */
export function printShare(part: number, whole: number): string {
  return whole === 0 ? "-" : `${((100 * part) / whole).toFixed(3)} %`;
}
