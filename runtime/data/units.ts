import type { Units, VolumeSettings } from "../../compiler/index.ts";
import { type Fault, fault } from "./problem.ts";
import type { VolumeHeader } from "./readers/index.ts";

/** Hounsfield units are slope * value + intercept. */
export interface Scaling {
  readonly slope: number;
  readonly intercept: number;
}

const none: Scaling = { slope: 1, intercept: 0 };

/** What makes Hounsfield units of a volume's values behind its header's own scaling. `auto` that was not decided is `stored`. */
export function scalingOf({ units: ofFile }: VolumeHeader, { slope, intercept }: Scaling, units: Units): Scaling {
  const isHounsfield = units === "hounsfield" || (units === "auto" && ofFile === "hounsfield");
  return isHounsfield ? none : { slope, intercept };
}

/** Whether a table's scaling changes anything, so that it matters whether it is applied. */
export function scales({ slope, intercept }: Scaling): boolean {
  return slope !== 1 || intercept !== 0;
}

/**
 * A scan of a patient has air around or in it, soft tissue, and next to nothing below air. Wide enough for noise and for
 * scanners that are off by some units; apart enough that no usual slope and intercept moves tissue to where air is and
 * something else to where tissue is.
 */
const air = { from: -1100, to: -900 };
const tissue = { from: -300, to: 300 };
/** Noise in air is seldom more than 100 units deep, and most scanners cut at -1024. */
const lowest = -1200;

/** Scans that are cropped to the body have little air; nothing but a scan has that much of both. */
const leastAir = 0.01;
const leastTissue = 0.05;
/** Metal and reconstruction leave streaks of some percent at most below air. */
const mostBelow = 0.05;
/** With so much below what a scan can be, no reading is right. */
const impossibleBelow = 0.75;

/** What part of a volume is what, were its values Hounsfield units under a reading. */
interface Shares {
  readonly air: number;
  readonly tissue: number;
  /** Below what a scan can be, without padding. */
  readonly below: number;
}

/**
 * The shares of a sample under a reading. Scanners fill what lies outside of their circle with one value, such as -2000, -3024 or
 * -8192: the lowest value, where it is below what a scan can be, is such padding and is not counted.
 */
function sharesOf(values: readonly number[], { slope, intercept }: Scaling): Shares {
  const padding = paddingOf(values, { slope, intercept });
  let [counted, inAir, inTissue, below] = [0, 0, 0, 0];
  for (const value of values) {
    const units = slope * value + intercept;
    if (value === padding) continue;
    counted++;
    if (units >= air.from && units <= air.to) inAir++;
    else if (units >= tissue.from && units <= tissue.to) inTissue++;
    else if (units < lowest) below++;
  }
  const share = (count: number): number => (counted === 0 ? 0 : count / counted);
  return { air: share(inAir), tissue: share(inTissue), below: share(below) };
}

/** The value of the padding under a reading; null where there is none. */
function paddingOf(values: readonly number[], { slope, intercept }: Scaling): number | null {
  let least = values[0] ?? 0;
  for (const value of values) if (slope * value < slope * least) least = value;
  return slope * least + intercept < lowest ? least : null;
}

function isScan({ air: ofAir, tissue: ofTissue, below }: Shares): boolean {
  return ofAir >= leastAir && ofTissue >= leastTissue && below <= mostBelow;
}

/** What a volume's values are, by themselves. */
export interface Reading {
  /** Null where they do not tell. */
  readonly units: "stored" | "hounsfield" | null;
  readonly asStored: Shares;
  /** After the table's slope and intercept. */
  readonly rescaled: Shares;
}

/** Decides by values behind the header's own scaling whether the table's makes a scan of them, or whether they are one already. */
export function readingOf(values: readonly number[], table: Scaling): Reading {
  const [asStored, rescaled] = [sharesOf(values, none), sharesOf(values, table)];
  const [isHounsfield, isRescaled] = [isScan(asStored), isScan(rescaled)];
  if (isHounsfield && isRescaled) {
    // Padding of -2000 may be stored as -976, and look like air: what is padding under one reading is none under the other either.
    const padding = new Set([paddingOf(values, none), paddingOf(values, table)]);
    const without = values.filter((value) => !padding.has(value));
    if (without.length < values.length) return { ...readingOf(without, table), asStored, rescaled };
  }
  const units = isHounsfield === isRescaled ? null : isHounsfield ? "hounsfield" : "stored";
  return { units, asStored, rescaled };
}

/**
 * What is wrong with a volume's values under the reading that is in force: they can be no scan, or are one under the other. Nothing,
 * where they are stretched to the window whatever they are.
 */
export function unitsFault(
  values: readonly number[],
  header: VolumeHeader,
  table: Scaling,
  { units, window }: Pick<VolumeSettings, "units" | "window">,
): Fault | null {
  if (window === "min_max") return null;
  const inForce = scalingOf(header, table, units);
  const isApplied = scales(inForce);
  const { units: found, asStored, rescaled } = readingOf(values, table);
  if (header.units === "stored" && scales(table) && found !== null && (found === "stored") !== isApplied) {
    return found === "hounsfield"
      ? fault(
          `it is stored in Hounsfield units (${percent(asStored.air)} of its voxels are near -1000), and the metadata's ${shownScaling(table)} would be applied to them again`,
          "Write `units = hounsfield` in the `data` block, or correct its row of the metadata.",
        )
      : fault(
          `it is not stored in Hounsfield units: the metadata's ${shownScaling(table)} would make them (${percent(rescaled.air)} of its voxels would be near -1000), but is not applied`,
          "Write `units = stored` in the `data` block, or keep volumes of one kind in a data set.",
        );
  }
  const { below } = isApplied ? rescaled : asStored;
  if (below < impossibleBelow) return null;
  const how = isApplied ? `with the metadata's ${shownScaling(table)}` : "as stored";
  return fault(
    `${percent(below)} of its voxels are below ${lowest} Hounsfield units ${how}, which no CT is`,
    isApplied
      ? "Correct its row of the metadata, or write `units = hounsfield` in the `data` block if it is rescaled already."
      : "Write `units = stored` in the `data` block if a table has its slope and intercept, or correct the file.",
  );
}

/** `intercept of -1024`, with the slope where that is not 1. */
export function shownScaling({ slope, intercept }: Scaling): string {
  return slope === 1 ? `intercept of ${intercept}` : `slope of ${slope} and intercept of ${intercept}`;
}

/** `31 %`, `0.4 %`, or `none`. */
export function percent(share: number): string {
  if (share === 0) return "none";
  return `${Number((100 * share).toPrecision(share < 0.1 ? 1 : 2))} %`;
}
