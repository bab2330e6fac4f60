import type { Anatomy } from "./anatomy.ts";
import { type Canvas, fill } from "./canvas.ts";
import type { Patient } from "./patient.ts";
import { box, type Depth, ellipsoid, grown, tube, within } from "./solids.ts";
import { tissues } from "./tissues.ts";

/** What fills a lung up to its surface fills the voxels that are half lung, half wall, too. */
const surfaceMm = 3;

/** Emphysema's bubbles in both lungs. */
export function plantBullae(canvas: Canvas, { at, lungs }: Anatomy, random: () => number): void {
  for (const [side, lung] of [[-1, lungs.right] as const, [1, lungs.left] as const]) {
    for (let bulla = 0; bulla < 7; bulla++) {
      const middle = at(side * (45 + 65 * random()), 120 * random() - 60, 170 * random() - 60);
      const radius = 9 + 12 * random();
      fill(canvas, within(ellipsoid(middle, [radius, radius, radius]), lung.depthAt), tissues.air);
    }
  }
}

/** The right upper lobe, solid down to its fissure, with air in its larger airways. */
export function plantConsolidation(canvas: Canvas, { extent }: Patient, { at, lungs }: Anatomy): void {
  const [, middleY, fissure] = at(0, 0, 30 - 20 * extent);
  const above: Depth = (_, y, z) => z - fissure + 0.25 * (y - middleY);
  fill(canvas, within(grown(lungs.right, surfaceMm), above), tissues.solidLung);
  for (const tip of [at(-80, 40, 85), at(-95, -10, 70), at(-70, -40, 95)]) {
    fill(canvas, within(tube(at(-38, -2, 30), tip, 3), above), tissues.air);
  }
}

/** Fluid that has run to the back and the bottom of one lung or both: the patient lies on the back. */
export function plantEffusion(canvas: Canvas, { findings, extent }: Patient, { at, lungs }: Anatomy): void {
  const [, levelY, levelZ] = at(0, 6 + 14 * extent, -28);
  const under: Depth = (_, y, z) => 0.85 * (levelY - y) + 0.5 * (levelZ - z);
  for (const side of ["right", "left"] as const) {
    if (findings.effusionSide === side || findings.effusionSide === "both") {
      fill(canvas, within(grown(lungs[side], surfaceMm), under), tissues.fluid);
    }
  }
}

/** A stomach that has come up behind the heart, most of it full of air: the fluid lies at its back. */
export function plantHernia(canvas: Canvas, { extent }: Patient, { at, cage }: Anatomy): void {
  const size = 1 + 0.1 * extent;
  const stomach = within(ellipsoid(at(4, -30, -52), [58 * size, 40 * size, 54 * size]), cage);
  const [, level] = at(0, -50, 0);
  fill(canvas, stomach, tissues.stomach);
  fill(
    canvas,
    within(grown(stomach, -4), (_, y) => y - level),
    tissues.air,
  );
}

/** A device on the left of the chest, and its lead to the heart. */
export function plantDevice(canvas: Canvas, { chest, extent }: Patient, { at }: Anatomy): void {
  const front = chest[1] - 12;
  const size = 1 + 0.15 * extent;
  fill(canvas, box(at(72, front, 58), [44 * size, 20 * size, 40 * size]), tissues.metal);
  fill(canvas, tube(at(40, front - 10, 60), at(8, 10, 40), 3), tissues.metal);
  fill(canvas, tube(at(8, 10, 40), at(20, 30, -50), 3), tissues.metal);
}
