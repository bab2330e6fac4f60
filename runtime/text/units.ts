export { printCount, printFound } from "../../compiler/units.ts";

/** A count in so many digits, `591K`; below a thousand, as it is. */
export function printRounded(count: number, digits = 3): string {
  const [unit, name] = count < 999_500 ? [1e3, "K"] : count < 999_500_000 ? [1e6, "M"] : [1e9, "G"];
  return count < 1000 ? String(count) : `${Number((count / unit).toPrecision(digits))}${name}`;
}

/** A number in so many digits, `1.250`; nothing is `0`. */
export function printDigits(value: number, digits: number): string {
  return value === 0 ? "0" : value.toPrecision(digits);
}

/** A share of a whole, `0.380 %`. */
export function printShare(part: number, whole: number): string {
  return whole === 0 ? "-" : `${((100 * part) / whole).toFixed(3)} %`;
}

/** `40 s`, `12 min`, `3.3 h`, `20 h`, `2.2 d`. */
export function printDuration(seconds: number): string {
  const [minutes, hours, days] = [seconds / 60, seconds / 3600, seconds / 86_400];
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (minutes < 90) return `${Math.round(minutes)} min`;
  return hours < 48 ? `${rounded(hours)} h` : `${rounded(days)} d`;
}

function rounded(value: number): string {
  return value.toFixed(value < 9.95 ? 1 : 0);
}
