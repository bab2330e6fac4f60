import { at } from "../../runtime/at.ts";
import { generator } from "../../runtime/random.ts";

/** Latents around as many centres as there are groups, by turns; `spread` against the centres' own deviation of 1. */
export function groupedLatents(made: {
  readonly volumes: number;
  readonly groups: number;
  readonly width: number;
  readonly spread: number;
}): readonly Float32Array[] {
  const random = generator(17);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const centres = Array.from({ length: made.groups }, () => Array.from({ length: made.width }, normal));
  return Array.from({ length: made.volumes }, (_, row) =>
    Float32Array.from(at(centres, row % made.groups), (value) => value + (made.spread * normal()) / 4),
  );
}
