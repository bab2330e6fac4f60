import { printDuration } from "../../text/index.ts";

/** Four digits; a dash for no number. */
export function number(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return "–";
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6)) return value.toExponential(2);
  return value.toPrecision(4);
}

/** Three digits, which is what a measured time is worth. */
export function rate(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return "–";
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

export function duration(seconds: number | null): string {
  return seconds === null || !Number.isFinite(seconds) ? "–" : printDuration(seconds);
}

/** How a quantity of the log is called. */
export function titleOf(name: string): string {
  const [first = "", second] = name.split("/");
  const title = titles.get(name) ?? (second === undefined ? first : `${first}: ${second}`);
  return `${title.slice(0, 1).toUpperCase()}${title.slice(1)}`;
}

const titles: ReadonlyMap<string, string> = new Map([
  ["loss", "Loss"],
  ["gradient_norm", "Gradient norm, before clipping"],
  ["learning_rate", "Learning rate"],
  ["seconds", "Seconds a step"],
]);
