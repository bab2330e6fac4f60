import type { Bucket } from "../wire.ts";
import { picture } from "./dom.ts";
import { colourOf, dashOf } from "./look.ts";
import { linearScale, logScale, type Scale } from "./scale.ts";

/** What is drawn of one run. */
export interface Line {
  readonly slot: number;
  /** The steps that a bucket holds. */
  readonly width: number;
  readonly buckets: readonly Bucket[];
  /** Values on held-out data at some steps. */
  readonly heldOut: readonly (readonly [step: number, value: number])[];
}

export interface ChartLook {
  readonly width: number;
  readonly height: number;
  readonly isSmooth: boolean;
  readonly isLog: boolean;
  /** Draws each run over the whole width, however many steps it has. */
  readonly isStretched: boolean;
  readonly label: string;
}

const margin = { left: 56, right: 14, top: 8, bottom: 26 };

/** Lines over the steps; between the least and the largest value of steps that share a place, a faint band. */
export function drawChart(lines: readonly Line[], look: ChartLook): SVGElement {
  const width = Math.max(240, look.width);
  const inner = { width: width - margin.left - margin.right, height: look.height - margin.top - margin.bottom };
  const shown = lines.map((line) => ({ ...line, buckets: fewer(line.buckets, inner.width / 1.5) }));
  const longest = Math.max(1, ...shown.map(lastStep));
  const marks = Math.max(2, Math.floor(inner.width / 64));
  const x = look.isStretched ? shareScale(marks) : linearScale(0, longest, marks);
  const y = verticalScale(shown, look);
  const placedBy = (line: Line): Placed => {
    const whole = look.isStretched ? Math.max(1, lastStep(line)) : 1;
    return (step, value) => {
      const across = margin.left + x.at(step / whole) * inner.width;
      const down = margin.top + (1 - Math.min(1, Math.max(0, y.at(value)))) * inner.height;
      return `${across.toFixed(1)},${down.toFixed(1)}`;
    };
  };
  return picture(
    "svg",
    { viewBox: `0 0 ${width} ${look.height}`, role: "img", "aria-label": look.label },
    ...axes(x, y, inner, look.height),
    ...shown.flatMap((line) => drawLine(line, look, placedBy(line))),
  );
}

/** Where a value at a step stands, as `x,y`. */
type Placed = (step: number, value: number) => string;

function lastStep({ buckets, heldOut }: Line): number {
  return Math.max(buckets.at(-1)?.[0] ?? 0, heldOut.at(-1)?.[0] ?? 0);
}

/** From the first step of each run to its last, in percent. */
function shareScale(marks: number): Scale {
  return { ...linearScale(0, 1, marks), print: (tick) => `${Math.round(100 * tick)} %` };
}

function axes(x: Scale, y: Scale, inner: { readonly width: number; readonly height: number }, height: number) {
  const rows = y.ticks.map((tick) => {
    const down = margin.top + (1 - y.at(tick)) * inner.height;
    return picture(
      "g",
      {},
      picture("line", { class: "grid", x1: margin.left, x2: margin.left + inner.width, y1: down, y2: down }),
      picture("text", { x: margin.left - 8, y: down + 4, "text-anchor": "end" }, y.print(tick)),
    );
  });
  const columns = x.ticks.map((tick) => {
    const across = margin.left + x.at(tick) * inner.width;
    return picture("text", { x: across, y: height - 8, "text-anchor": "middle" }, x.print(tick));
  });
  return [...rows, ...columns];
}

function drawLine({ slot, width, buckets, heldOut }: Line, look: ChartLook, at: Placed) {
  const colour = colourOf(slot);
  const span = look.isSmooth ? Math.max(1, Math.round(buckets.length / 40)) : 1;
  const drawn: SVGElement[] = [];
  const isBand = buckets.length > 1 && (width > 1 || buckets.some(([, least, most]) => least < most));
  if (isBand) {
    const above = buckets.map(([step, , most]) => at(step, most));
    const below = buckets.toReversed().map(([step, least]) => at(step, least));
    drawn.push(picture("path", { d: `M${[...above, ...below].join("L")}Z`, fill: colour, "fill-opacity": 0.16 }));
  }
  const stroke = { fill: "none", stroke: colour, "stroke-linejoin": "round", "stroke-dasharray": dashOf(slot) };
  if (span > 1 && !isBand) {
    const raw = buckets.map(([step, , , mean]) => at(step, mean));
    drawn.push(picture("path", { d: `M${raw.join("L")}`, ...stroke, "stroke-width": 1, "stroke-opacity": 0.35 }));
  }
  const points = smooth(buckets, span).map(([step, value]) => at(step, value));
  if (points.length > 1) drawn.push(picture("path", { d: `M${points.join("L")}`, ...stroke, "stroke-width": 2 }));
  if (points.length === 1) drawn.push(dot(points[0] ?? "", colour, 3));
  const measured = heldOut.map(([step, value]) => at(step, value));
  if (measured.length > 1) {
    drawn.push(
      picture("path", { d: `M${measured.join("L")}`, ...stroke, "stroke-width": 1.5, "stroke-dasharray": "1 3" }),
    );
  }
  return [...drawn, ...measured.map((point) => dot(point, colour, 3))];
}

function dot(point: string, colour: string, radius: number): SVGElement {
  const [cx = "0", cy = "0"] = point.split(",");
  return picture("circle", { cx, cy, r: radius, fill: colour });
}

/** The mean of so many buckets around each. */
function smooth(buckets: readonly Bucket[], span: number): readonly (readonly [step: number, value: number])[] {
  const half = Math.floor(span / 2);
  return buckets.map(([step], index) => {
    const around = buckets.slice(Math.max(0, index - half), index + half + 1);
    return [step, around.reduce((sum, [, , , mean]) => sum + mean, 0) / around.length];
  });
}

/** So many buckets at most, by making neighbours one. */
function fewer(buckets: readonly Bucket[], most: number): readonly Bucket[] {
  const size = Math.ceil(buckets.length / most);
  if (size <= 1) return buckets;
  return Array.from({ length: Math.ceil(buckets.length / size) }, (_, at): Bucket => {
    const group = buckets.slice(at * size, (at + 1) * size);
    const mean = group.reduce((sum, each) => sum + each[3], 0) / group.length;
    return [
      group[0]?.[0] ?? 0,
      group.reduce((least, each) => Math.min(least, each[1]), Number.POSITIVE_INFINITY),
      group.reduce((largest, each) => Math.max(largest, each[2]), Number.NEGATIVE_INFINITY),
      mean,
    ];
  });
}

function verticalScale(lines: readonly Line[], { isLog, height }: ChartLook): Scale {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let leastAboveZero = Number.POSITIVE_INFINITY;
  const take = (value: number): void => {
    low = Math.min(low, value);
    high = Math.max(high, value);
    if (value > 0) leastAboveZero = Math.min(leastAboveZero, value);
  };
  for (const { buckets, heldOut } of lines) {
    for (const [, least, most] of buckets) {
      take(least);
      take(most);
    }
    for (const [, value] of heldOut) take(value);
  }
  const marks = Math.max(2, Math.floor(height / 36));
  if (!Number.isFinite(low)) return linearScale(0, 1, marks);
  if (isLog && high > 0) return logScale(leastAboveZero, high, marks);
  return linearScale(low, high, marks);
}
