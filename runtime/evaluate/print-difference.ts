/** With its sign: `+0.076`, `−0.012`. */
export function printDifference(value: number): string {
  const size = Math.abs(value).toFixed(3);
  return Number(size) === 0 ? size : `${value < 0 ? "−" : "+"}${size}`;
}

/** `0.034`, `<0.001`; a dash where there is none. */
export function printP(p: number | null): string {
  if (p === null) return "-";
  return p < 0.001 ? "<0.001" : p.toFixed(3);
}
