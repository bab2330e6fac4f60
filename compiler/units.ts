import { at } from "./at.ts";

/** `438,148,761`. A locale's own formatter would load its tables first, which takes longer than checking a spec's types. */
export function printCount(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** What an expectation found, in the unit in which it is written. */
export function printFound(text: string, found: number): string {
  if (text.endsWith("%")) return `${(100 * found).toPrecision(4)} %`;
  return Number.isInteger(found) ? printCount(found) : found.toPrecision(6);
}

function printScaled(value: number, base: number, units: readonly string[]): string {
  let scaled = value;
  let unit = 0;
  while (scaled >= base && unit < units.length - 1) {
    scaled /= base;
    unit++;
  }
  return `${scaled < 100 && unit > 0 ? scaled.toPrecision(3) : scaled.toFixed(0)} ${at(units, unit)}`;
}

/** A count with what is counted: `1 adapter`, `2 adapters`. */
export function printNumberOf(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : `${noun}s`}`;
}

/** `8.10 GiB` */
export function printBytes(bytes: number): string {
  return printScaled(bytes, 1024, ["B", "KiB", "MiB", "GiB", "TiB"]);
}

/** `14.3 TFLOPs` */
export function printFlops(flops: number): string {
  return printScaled(flops, 1000, ["FLOPs", "kFLOPs", "MFLOPs", "GFLOPs", "TFLOPs", "PFLOPs"]);
}

/** `7.5 s`, `12 ms`, `3.2 min` */
export function printSeconds(seconds: number): string {
  if (seconds < 0.9995) return `${(1000 * seconds).toPrecision(seconds < 0.01 ? 2 : 3)} ms`;
  return seconds < 100 ? `${seconds.toPrecision(2)} s` : `${(seconds / 60).toFixed(1)} min`;
}
