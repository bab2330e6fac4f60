/** An axis: where a value is between 0 and 1, and the values that are marked. */
export interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
  readonly print: (tick: number) => string;
}

/** From a value to another, with round marks. */
export function linearScale(low: number, high: number, marks: number): Scale {
  const spread = high - low || Math.abs(high) || 1;
  const [from, to] = high > low ? [low, high] : [low - spread / 2, high + spread / 2];
  const step = roundStep((to - from) / marks);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  const ticks = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => (first + at) * step);
  return { at: (value) => (value - from) / (to - from), ticks, print: (tick) => printTick(tick, step) };
}

/** The same by powers of ten; what is not above 0 stands at the edge. */
export function logScale(low: number, high: number, marks: number): Scale {
  const [from, to] = [Math.log10(low), Math.log10(high)];
  if (low === high) return linearScale(low, high, marks);
  if (to - from < 1) return { ...linearScale(low, high, marks), at: atLog(from, to) };
  const step = Math.max(1, Math.ceil((to - from) / marks));
  const first = Math.ceil(from);
  const ticks = Array.from({ length: Math.floor(to) - first + 1 }, (_, at) => first + at).filter(
    (power) => (power - first) % step === 0,
  );
  return { at: atLog(from, to), ticks: ticks.map((power) => 10 ** power), print: (tick) => printTick(tick, tick) };
}

function atLog(from: number, to: number): (value: number) => number {
  const spread = to - from || 1;
  return (value) => (value > 0 ? (Math.log10(value) - from) / spread : 0);
}

/** 1, 2 or 5 times a power of ten, not less than a number. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((each) => each * power >= least * (1 - 1e-9)) ?? 10);
}

function printTick(tick: number, step: number): string {
  if (tick === 0) return "0";
  const size = Math.abs(tick);
  if (size >= 1e5 || step < 9e-4) return tick.toExponential(significant(tick, step)).replace("e+", "e");
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return tick.toFixed(digits);
}

/** Digits after the first that tell a mark from the next one. */
function significant(tick: number, step: number): number {
  return Math.min(6, Math.max(0, Math.floor(Math.log10(Math.abs(tick)) + 1e-9) - Math.floor(Math.log10(step) + 1e-9)));
}
