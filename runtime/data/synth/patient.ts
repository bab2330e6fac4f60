import { generator, seedOf } from "../../random.ts";
import { drawFindings, type Findings } from "./findings.ts";
import { patientName, type Split } from "./layout.ts";

/** Voxels along both sides of a slice. */
export const planeVoxels = 96;

/** In what one patient, and one scan, differs from another. Lengths are in millimetres. */
export interface Patient {
  /** `train_12`. */
  readonly name: string;
  readonly findings: Findings;
  readonly sex: "F" | "M";
  readonly ageYears: number;
  /** The middle of the chest, from the middle of the scan. */
  readonly centre: readonly [x: number, y: number, z: number];
  /** Half the width and half the depth of the chest. */
  readonly chest: readonly [number, number];
  readonly fat: number;
  /** The size of lungs and heart beside the usual. */
  readonly lungScale: number;
  readonly heartScale: number;
  readonly lungHu: number;
  /** From 0 up to 1: how large each finding is. */
  readonly extent: number;
  readonly noiseHu: number;
  /** Hundredths of a millimetre from voxel to voxel: in the plane, and from slice to slice. */
  readonly spacing: readonly [plane: number, slice: number];
  readonly slices: number;
  /** What is added to a stored number to make it Hounsfield units: scanners differ in this. */
  readonly intercept: number;
  /** For what the picture and the report draw further. */
  readonly imageSeed: number;
  readonly reportSeed: number;
}

const streams = { patient: 0, image: 1, report: 2 } as const;
const splitNumbers: Readonly<Record<Split, number>> = { train: 1, valid: 2 };

/** One patient, numbered from 1: the same for a seed, however many others there are. */
export function drawPatient(seed: number, split: Split, number: number): Patient {
  const seeds = (stream: number) => seedOf(seed, splitNumbers[split], number, stream);
  const random = generator(seeds(streams.patient));
  const between = (low: number, high: number) => low + (high - low) * random();
  const whole = (low: number, high: number) => low + Math.floor((high - low + 1) * random());
  const slice = whole(650, 800);
  return {
    name: patientName(split, number),
    findings: drawFindings(random),
    sex: random() < 0.5 ? "F" : "M",
    ageYears: whole(30, 85),
    centre: [between(-4, 4), between(-26, -18), between(-5, 5)],
    chest: [between(152, 162), between(106, 114)],
    fat: between(9, 17),
    lungScale: between(0.96, 1.04),
    heartScale: between(0.92, 1.04),
    lungHu: between(-775, -740),
    extent: random(),
    noiseHu: between(10, 18),
    spacing: [whole(375, 420), slice],
    slices: Math.round(36_000 / slice) + whole(0, 2),
    intercept: random() < 0.7 ? -1024 : 0,
    imageSeed: seeds(streams.image),
    reportSeed: seeds(streams.report),
  };
}
