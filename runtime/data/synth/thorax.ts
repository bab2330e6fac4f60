import { generator } from "../../random.ts";
import { type Anatomy, anatomyOf } from "./anatomy.ts";
import { blank, type Canvas, fill } from "./canvas.ts";
import { plantBullae, plantConsolidation, plantDevice, plantEffusion, plantHernia } from "./lesions.ts";
import { type Patient, planeVoxels } from "./patient.ts";
import { box, column, type Depth, ellipsoid, type Solid, tube, within } from "./solids.ts";
import { tissues } from "./tissues.ts";

/**
 * The scan of one patient: a chest of ellipsoids and tubes in Hounsfield units, each part painted over those before,
 * with what was found in its place among them, and noise.
 */
export function paintThorax(patient: Patient): Canvas {
  const { findings } = patient;
  const [plane, slice] = patient.spacing;
  const canvas = blank([planeVoxels, planeVoxels, patient.slices], [plane / 100, plane / 100, slice / 100]);
  const random = generator(patient.imageSeed);
  const anatomy = anatomyOf(patient);
  paintWall(canvas, patient, anatomy);
  paintLungs(canvas, patient, anatomy, random);
  if (findings.present.has("Emphysema")) plantBullae(canvas, anatomy, random);
  if (findings.present.has("Consolidation")) plantConsolidation(canvas, patient, anatomy);
  paintAbdomen(canvas, patient, anatomy);
  if (findings.present.has("Pleural effusion")) plantEffusion(canvas, patient, anatomy);
  paintMiddle(canvas, anatomy);
  if (findings.present.has("Hiatal hernia")) plantHernia(canvas, patient, anatomy);
  paintBones(canvas, patient, anatomy);
  if (findings.present.has("Medical material")) plantDevice(canvas, patient, anatomy);
  addNoise(canvas, patient.noiseHu, random);
  return canvas;
}

/** Skin, fat and muscle, and the table below. */
function paintWall(canvas: Canvas, { chest, fat }: Patient, { at, skin }: Anatomy): void {
  const body = (mm: number): Solid => ({ ...around(chest, at), depthAt: (x, y, z) => skin(x, y, z) - mm });
  fill(canvas, body(0), tissues.skin);
  fill(canvas, body(3), tissues.fat);
  fill(canvas, body(fat), tissues.muscle);
  fill(canvas, box(at(0, -chest[1] - 14, 0), [210, 6, 1000]), tissues.table);
}

/** A column in which the whole body is. */
function around([halfWidth, halfDepth]: Patient["chest"], at: Anatomy["at"]): Solid {
  const [x, y] = at(0, 0, 0);
  return column([x, y], [halfWidth, halfDepth]);
}

/** Lungs, with vessels that run from each hilum outwards; emphysema leaves few of them. */
function paintLungs(canvas: Canvas, patient: Patient, { at, lungs }: Anatomy, random: () => number): void {
  const emphysema = patient.findings.present.has("Emphysema");
  for (const [side, lung] of [[-1, lungs.right] as const, [1, lungs.left] as const]) {
    fill(canvas, lung, emphysema ? tissues.emphysema : patient.lungHu);
    for (let vessel = 0; vessel < (emphysema ? 6 : 16); vessel++) {
      const bend = 16 * random() - 8;
      const [x, y, z] = [70 * random(), 130 * random() - 65, 180 * random() - 75];
      const knee = at(side * (38 + x / 2), y / 2 + bend, 10 + z / 2 - bend);
      fill(canvas, within(tube(at(side * 34, 0, 18), knee, 3.4), lung.depthAt), tissues.blood);
      fill(canvas, within(tube(knee, at(side * (45 + x), y, z), 2), lung.depthAt), tissues.blood);
    }
  }
}

/** The liver below the right lung, the stomach with its air below the left. */
function paintAbdomen(canvas: Canvas, { findings }: Patient, { at, cage }: Anatomy): void {
  const lower = findings.present.has("Emphysema") ? 12 : 0;
  fill(canvas, within(ellipsoid(at(-70, 5, -165 - lower), [92, 95, 72]), cage), tissues.liver);
  fill(canvas, within(ellipsoid(at(76, 0, -172 - lower), [80, 92, 70]), cage), tissues.stomach);
  fill(canvas, within(ellipsoid(at(64, 34, -152 - lower), [24, 20, 16]), cage), tissues.air);
}

/** Mediastinum, heart, aorta, and the airways down to both hila. */
function paintMiddle(canvas: Canvas, { at, cage, heart }: Anatomy): void {
  const [x, y] = at(0, 2, 0);
  fill(canvas, within(column([x, y], [33, 84]), cage), tissues.mediastinum);
  fill(canvas, heart, tissues.blood);
  for (const part of [
    tube(at(6, 24, -10), at(2, 20, 66), 15),
    tube(at(2, 20, 66), at(18, -36, 72), 13),
    tube(at(18, -36, 72), at(14, -52, -190), 12),
  ]) {
    fill(canvas, part, tissues.blood);
  }
  for (const part of [
    tube(at(0, 4, 40), at(0, 12, 200), 9),
    tube(at(0, 4, 40), at(-38, -2, 16), 7),
    tube(at(0, 4, 40), at(40, -4, 14), 6),
  ]) {
    fill(canvas, part, tissues.air);
  }
}

/** Vertebrae with discs between, ribs that fall to the front, and the breastbone. */
function paintBones(canvas: Canvas, { chest }: Patient, { at, cage }: Anatomy): void {
  const [x, spine, top] = at(0, 40 - chest[1], 135);
  const vertebrae = column([x, spine], [20, 17]);
  fill(canvas, vertebrae, tissues.disc);
  fill(
    canvas,
    within(vertebrae, (_, __, z) => bandDepth(z, 27, 20)),
    tissues.marrow,
  );
  fill(canvas, column([x, spine - 24], [9, 8]), tissues.mediastinum);
  fill(canvas, column([x, spine - 36], [5, 9]), tissues.marrow);
  const ribs: Depth = (px, py, pz) =>
    Math.min(4 - Math.abs(cage(px, py, pz) + 8), top - pz, bandDepth(pz + 0.4 * py, 26, 11));
  fill(canvas, { ...around(chest, at), depthAt: ribs }, tissues.rib);
  fill(canvas, ellipsoid(at(0, chest[1] - 24, 20), [18, 7, 75]), tissues.marrow);
}

/** How deep a place lies inside bands of a thickness that come back after each period. */
function bandDepth(along: number, period: number, thickness: number): number {
  const place = along - period * Math.floor(along / period);
  return thickness / 2 - Math.abs(place - period / 2);
}

/** Noise as a detector has it: close to normal, as the sum of four uniform numbers is, and uniform in all tissues. */
function addNoise({ voxels }: Canvas, deviationHu: number, random: () => number): void {
  // The four bytes of a draw have a deviation of sqrt(4 * (256 ** 2 - 1) / 12) around 510.
  const scale = deviationHu / 147.8;
  for (let place = 0; place < voxels.length; place++) {
    const drawn = Math.floor(random() * 2 ** 32);
    const sum = (drawn & 255) + ((drawn >>> 8) & 255) + ((drawn >>> 16) & 255) + (drawn >>> 24);
    voxels[place] = (voxels[place] ?? 0) + scale * (sum - 510);
  }
}
