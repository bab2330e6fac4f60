/** A whole number with commas between thousands. */
export function printCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** A share of a whole, `0.380 %`. */
export function printShare(part: number, whole: number): string {
  return whole === 0 ? "-" : `${((100 * part) / whole).toFixed(3)} %`;
}

function printScaled(value: number, base: number, units: readonly string[]): string {
  let scaled = value;
  let unit = 0;
  while (scaled >= base && unit < units.length - 1) {
    scaled /= base;
    unit++;
  }
  return `${scaled < 100 && unit > 0 ? scaled.toPrecision(3) : scaled.toFixed(0)} ${units[unit] ?? ""}`;
}

export function printBytes(bytes: number): string {
  return printScaled(bytes, 1024, ["B", "KiB", "MiB", "GiB", "TiB"]);
}

export function printFlops(flops: number): string {
  return printScaled(flops, 1000, ["FLOPs", "kFLOPs", "MFLOPs", "GFLOPs", "TFLOPs", "PFLOPs"]);
}
