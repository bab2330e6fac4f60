import { at } from "../../at.ts";

/** A point of a curve, in pixels or as shares. */
export type Point = readonly [x: number, y: number];

/**
 * A curve by fewer of its points: each that is left out is nearer than a tolerance to the line between its neighbours that stay
 * (Ramer 1972, Douglas and Peucker 1973). The first and the last stay.
 */
export function thinCurve(points: readonly Point[], tolerance: number): readonly Point[] {
  if (points.length < 3) return points;
  const isKept = new Uint8Array(points.length);
  isKept[0] = 1;
  isKept[points.length - 1] = 1;
  const open: (readonly [number, number])[] = [[0, points.length - 1]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [from, to] = next;
    let furthest = -1;
    let distance = tolerance;
    for (let place = from + 1; place < to; place++) {
      const own = distanceTo(at(points, place), at(points, from), at(points, to));
      if (own <= distance) continue;
      distance = own;
      furthest = place;
    }
    if (furthest < 0) continue;
    isKept[furthest] = 1;
    open.push([from, furthest], [furthest, to]);
  }
  return points.filter((_, place) => isKept[place] === 1);
}

/** From a point to the stretch between two others. */
function distanceTo([x, y]: Point, [fromX, fromY]: Point, [toX, toY]: Point): number {
  const [acrossX, acrossY] = [toX - fromX, toY - fromY];
  const length = acrossX ** 2 + acrossY ** 2;
  const along = length === 0 ? 0 : ((x - fromX) * acrossX + (y - fromY) * acrossY) / length;
  const part = Math.min(Math.max(along, 0), 1);
  return Math.hypot(x - fromX - part * acrossX, y - fromY - part * acrossY);
}
