import type { Patient } from "./patient.ts";
import { type Depth, ellipsoid, type Point, type Solid, within } from "./solids.ts";

/** Where the large parts of one patient's chest are, from the middle of the scan. */
export interface Anatomy {
  /** A place from the middle of the chest. */
  readonly at: (x: number, y: number, z: number) => Point;
  readonly skin: Depth;
  /** How deep a place lies inside the ribs. */
  readonly cage: Depth;
  /** The patient's right lung, which is on the side of negative x, and the left. */
  readonly lungs: Readonly<Record<"right" | "left", Solid>>;
  readonly heart: Solid;
}

/** Muscle and ribs, in millimetres. */
const wallMm = 18;

export function anatomyOf({ centre, chest, fat, lungScale, heartScale, extent, findings }: Patient): Anatomy {
  const [middleX, middleY, middleZ] = centre;
  const [halfWidth, halfDepth] = chest;
  const at = (x: number, y: number, z: number): Point => [middleX + x, middleY + y, middleZ + z];
  // Above the armpits a body becomes narrower towards the neck.
  const narrowing = (z: number) => {
    const above = Math.min(1, Math.max(0, z - middleZ - 100) / 90);
    return 1 - 0.45 * above * above;
  };
  const below = (mm: number): Depth => {
    const [rx, ry] = [halfWidth - mm, halfDepth - mm];
    return (x, y, z) => {
      const scale = narrowing(z);
      const u = (x - middleX) / (rx * scale);
      const v = (y - middleY) / (ry * scale);
      return (1 - Math.sqrt(u * u + v * v)) * ry * scale;
    };
  };
  const cage = below(fat + wallMm);
  // Emphysema blows the lungs up and pushes the diaphragm down.
  const inflated = findings.present.has("Emphysema");
  const [swell, length, middle] = inflated ? [1.1, 136, 0] : [1, 122, 9];
  const lung = (x: number) => {
    const radii: Point = [56 * lungScale * swell, 86 * lungScale * swell, length * lungScale];
    return within(ellipsoid(at(x, 2, middle), radii), cage);
  };
  // A large heart grows to the left, where its tip is.
  const [heartSize, toLeft] = findings.present.has("Cardiomegaly") ? [1.48 + 0.1 * extent, 32] : [heartScale, 16];
  const heartRadii: Point = [58 * heartSize, 46 * heartSize, 52 * heartSize];
  return {
    at,
    skin: below(0),
    cage,
    lungs: { right: lung(-74), left: lung(76) },
    heart: within(ellipsoid(at(toLeft, 30, -44), heartRadii), cage),
  };
}
