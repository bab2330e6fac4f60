import { at } from "../../../at.ts";
import { failed, ok, type Result } from "../../../text/index.ts";
import { type Fault, fault } from "../../problem.ts";
import { quoted } from "../../quoted.ts";
import type { Faults, VolumeHeader } from "../volume.ts";
import { volumeSizeFaults } from "../volume-size.ts";
import { voxelBytes } from "../voxels.ts";
import type { StoredSlice } from "./dicom-file.ts";
import { affineOf, dot, minus, normalOf, type Plane, times, type Vector } from "./geometry.ts";
import { directionTolerance } from "./slice.ts";

/** The slices of a volume in their order, and what is known of it. */
export interface Series {
  readonly header: VolumeHeader;
  readonly slices: readonly StoredSlice[];
  /** Whether slices are scaled differently, so that the header's values are those after their scaling. */
  readonly isScaled: boolean;
}

/** Slices may be off their place in an even stack by that share of their distance: positions are rounded in many files. */
const unevenFrom = 0.1;
/** Slices that lie at one place, as a share of the distance of others or in mm, whichever is larger. */
const samePlace = { share: 0.02, mm: 1e-4 };
const helpOfTilt = "Convert it to NIfTI with dcm2niix, which corrects the tilt.";

/**
 * Puts the slices of a folder in their order along their normal, whatever their names and numbers are, or says everything for
 * which they are not one volume: several series, slices that differ, lie at one place, are missing or are not evenly spaced,
 * and a tilted gantry. Slices that are scaled differently are brought to one scale.
 */
export function assembleSeries(slices: readonly [StoredSlice, ...StoredSlice[]]): Result<Series, Faults> {
  const series = valuesOf(slices, ({ series }) => series);
  if (series.length > 1) return failed([severalSeries(series)]);
  const [first, ...others] = [
    differing(slices, "size", ({ columns, rows }) => `${columns} x ${rows}`),
    differing(slices, "type", ({ bits }) => bits.type),
    differing(slices, "modality", ({ modality }) => modality),
    differing(slices, "what their values are", ({ rescale: { unit } }) => unit ?? "unscaled"),
    differingPlanes(slices, "PixelSpacing", ({ rowSpacing, columnSpacing }) => [rowSpacing, columnSpacing]),
    differingPlanes(slices, "ImageOrientationPatient", ({ along, down }) => [...along, ...down]),
  ].filter((each) => each !== null);
  if (first !== undefined) return failed([first, ...others]);
  const stack = stackOf(slices);
  return stack.kind === "failed" ? stack : headerOf(stack.value);
}

/** Everything that differs between slices is said with how many there are of each, and one of them. */
function differing(slices: readonly StoredSlice[], what: string, kindOf: (slice: StoredSlice) => string): Fault | null {
  const values = valuesOf(slices, kindOf);
  if (values.length === 1) return null;
  const shown = values.slice(0, 4).map(([value, [some, ...more]]) => {
    const others = more.length === 0 ? "" : ` and ${more.length} more`;
    return `${value} (${some?.name ?? ""}${others})`;
  });
  const rest = values.length > 4 ? ` and ${values.length - 4} others` : "";
  return fault(`its slices differ in ${what}: ${shown.join(", ")}${rest}`, "Put each volume in a folder of its own.");
}

function differingPlanes(
  slices: readonly [StoredSlice, ...StoredSlice[]],
  what: string,
  numbersOf: (plane: Plane) => readonly number[],
): Fault | null {
  const expected = numbersOf(slices[0].plane);
  const isSame = ({ plane }: StoredSlice): boolean =>
    numbersOf(plane).every((value, index) => {
      const wanted = at(expected, index);
      return Math.abs(value - wanted) <= directionTolerance * Math.max(1, Math.abs(wanted));
    });
  if (slices.every(isSame)) return null;
  const own = expected.join(", ");
  return differing(slices, what, (slice) => (isSame(slice) ? own : numbersOf(slice.plane).join(", ")));
}

function valuesOf(
  slices: readonly StoredSlice[],
  kindOf: (slice: StoredSlice) => string,
): readonly (readonly [value: string, slices: readonly StoredSlice[]])[] {
  const values = new Map<string, StoredSlice[]>();
  for (const slice of slices) {
    const value = kindOf(slice);
    const others = values.get(value);
    if (others === undefined) values.set(value, [slice]);
    else others.push(slice);
  }
  return [...values].sort(([, a], [, b]) => b.length - a.length);
}

function severalSeries(series: readonly (readonly [string, readonly StoredSlice[]])[]): Fault {
  const shown = series.slice(0, 5).map(([uid, { length }]) => `${quoted(uid)} (${count(length, "slice")})`);
  const rest = series.length > 5 ? ` and ${series.length - 5} more` : "";
  const message = `it contains ${series.length} series, by their SeriesInstanceUID: ${shown.join(", ")}${rest}`;
  return fault(message, "Put each series in a folder of its own.");
}

interface Stack {
  readonly slices: readonly [StoredSlice, ...StoredSlice[]];
  /** From one slice to the next. */
  readonly step: Vector;
}

function stackOf(slices: readonly [StoredSlice, ...StoredSlice[]]): Result<Stack, Faults> {
  const normal = normalOf(slices[0].plane);
  const placeOf = ({ plane }: StoredSlice): number => dot(plane.position, normal);
  const [first, ...others] = slices.toSorted((a, b) => placeOf(a) - placeOf(b));
  const last = others.at(-1);
  if (first === undefined) throw new Error("sorting keeps all slices");
  if (last === undefined) {
    if (first.spacing === null) return failed([fault("it has one slice, which does not say how thick it is")]);
    return ok({ slices: [first], step: times(normal, first.spacing) });
  }
  const faults = spacingFaults([first, ...others], placeOf);
  if (faults !== null) return failed(faults);
  const step = times(minus(last.plane.position, first.plane.position), 1 / others.length);
  const tilt = tiltFault([first, ...others], normal, step);
  return tilt === null ? ok({ slices: [first, ...others], step }) : failed([tilt]);
}

/** Slices at one place and missing ones, each with the files beside them; or that the distances differ. */
function spacingFaults(sorted: readonly StoredSlice[], placeOf: (slice: StoredSlice) => number): Faults | null {
  const pairs = sorted.slice(1).map((slice, index) => {
    const before = at(sorted, index);
    return { before, slice, gap: placeOf(slice) - placeOf(before) };
  });
  const usual = at(
    pairs.map(({ gap }) => gap).toSorted((a, b) => a - b),
    Math.floor(pairs.length / 2),
  );
  const places = ({ before, slice }: (typeof pairs)[number]): string =>
    `${before.name} at ${millimetres(placeOf(before))} and ${slice.name} at ${millimetres(placeOf(slice))}`;
  const same = pairs.filter(({ gap }) => gap <= Math.max(samePlace.share * usual, samePlace.mm));
  const missing = usual <= samePlace.mm ? [] : pairs.filter(({ gap }) => gap > (1 + 5 * unevenFrom) * usual);
  const [first, ...others] = [
    ...listed(same, "are at the same place", (pair) => {
      return fault(`2 of its slices are at the same place: ${places(pair)}`, "Keep one of them.");
    }),
    ...listed(missing, "are further apart than the others", (pair) => {
      const lost = Math.max(1, Math.round(pair.gap / usual) - 1);
      const message = `${count(lost, "slice")} ${lost === 1 ? "is" : "are"} missing between ${places(pair)}`;
      return fault(`${message}; others are ${millimetres(usual)} apart`, "Copy or download them again.");
    }),
  ];
  if (first !== undefined) return [first, ...others];
  const [start, end] = [placeOf(at(sorted, 0)), placeOf(at(sorted, sorted.length - 1))];
  const distance = (end - start) / pairs.length;
  const uneven = sorted.findIndex(
    (slice, index) => Math.abs(placeOf(slice) - start - index * distance) > unevenFrom * distance,
  );
  if (uneven < 0) return null;
  const gaps = pairs.map(({ gap }) => gap);
  const range = `${millimetres(gaps.reduce((a, b) => Math.min(a, b)))} to ${millimetres(gaps.reduce((a, b) => Math.max(a, b)))}`;
  const message = `its slices are not evenly spaced: they are ${range} apart, unevenly by ${at(sorted, uneven).name}`;
  return [fault(message, "Resample them to even distances first.")];
}

const mostListed = 10;

function listed<Item>(items: readonly Item[], what: string, faultOf: (item: Item) => Fault): readonly Fault[] {
  const faults = items.slice(0, mostListed).map(faultOf);
  const more = items.length - faults.length;
  return more === 0 ? faults : [...faults, fault(`${more} more pairs of its slices ${what}`)];
}

/** Slices whose line is not along their normal by half a pixel or more from the first to the last are sheared. */
function tiltFault(sorted: readonly [StoredSlice, ...StoredSlice[]], normal: Vector, step: Vector): Fault | null {
  const { position, columnSpacing, rowSpacing } = sorted[0].plane;
  const most = Math.min(columnSpacing, rowSpacing) / 2;
  const asideOf = (offset: Vector): number => {
    const aside = minus(offset, times(normal, dot(offset, normal)));
    return Math.sqrt(dot(aside, aside));
  };
  const off = sorted.find(({ plane }) => asideOf(minus(plane.position, position)) > most);
  if (off === undefined) return null;
  const degrees = (Math.atan2(asideOf(step), dot(step, normal)) * 180) / Math.PI;
  const aside = asideOf(minus(off.plane.position, position));
  return degrees < 0.1
    ? fault(`${off.name} lies ${millimetres(aside)} beside the line of the other slices`)
    : fault(`its slices are sheared by ${degrees.toFixed(1)} degrees, as by a tilted gantry`, helpOfTilt);
}

function headerOf({ slices, step }: Stack): Result<Series, Faults> {
  const [{ columns, rows, bits, plane, rescale, modality }] = slices;
  const isScaled = slices.some(
    (slice) => slice.rescale.slope !== rescale.slope || slice.rescale.intercept !== rescale.intercept,
  );
  const type = isScaled ? "float64" : bits.type;
  const sizes = [columns, rows, slices.length] as const;
  const [first, ...others] = volumeSizeFaults(sizes, voxelBytes[type]);
  if (first !== undefined) return failed([first, ...others]);
  const { slope, intercept } = isScaled ? { slope: 1, intercept: 0 } : rescale;
  const units = modality === "CT" && rescale.unit === "HU" ? "hounsfield" : "stored";
  const header = { type, sizes, slope, intercept, affine: affineOf(plane, step), units } as const;
  return ok({ header, slices, isScaled });
}

function millimetres(value: number): string {
  return `${Number(value.toFixed(3))} mm`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
