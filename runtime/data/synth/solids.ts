/** Millimetres from the middle of the scan: to the patient's left, to the front, to the head. */
export type Point = readonly [x: number, y: number, z: number];

/** How many millimetres a place lies below a surface; negative outside. Near the surface it is close, far from it rough. */
export type Depth = (x: number, y: number, z: number) => number;

/** A shape, and the box around it. */
export interface Solid {
  readonly low: Point;
  readonly high: Point;
  readonly depthAt: Depth;
}

export function ellipsoid([cx, cy, cz]: Point, [rx, ry, rz]: Point): Solid {
  const least = Math.min(rx, ry, rz);
  return {
    low: [cx - rx, cy - ry, cz - rz],
    high: [cx + rx, cy + ry, cz + rz],
    depthAt: (x, y, z) => {
      const u = (x - cx) / rx;
      const v = (y - cy) / ry;
      const w = (z - cz) / rz;
      return (1 - Math.sqrt(u * u + v * v + w * w)) * least;
    },
  };
}

/** A column from foot to head, an ellipse in every slice. */
export function column([cx, cy]: readonly [number, number], [rx, ry]: readonly [number, number]): Solid {
  const least = Math.min(rx, ry);
  return {
    low: [cx - rx, cy - ry, Number.NEGATIVE_INFINITY],
    high: [cx + rx, cy + ry, Number.POSITIVE_INFINITY],
    depthAt: (x, y) => {
      const u = (x - cx) / rx;
      const v = (y - cy) / ry;
      return (1 - Math.sqrt(u * u + v * v)) * least;
    },
  };
}

/** A round tube along a line, with round ends. */
export function tube(from: Point, to: Point, radius: number): Solid {
  const [fx, fy, fz] = from;
  const [dx, dy, dz] = [to[0] - fx, to[1] - fy, to[2] - fz];
  const squared = dx * dx + dy * dy + dz * dz;
  return {
    low: [Math.min(fx, to[0]) - radius, Math.min(fy, to[1]) - radius, Math.min(fz, to[2]) - radius],
    high: [Math.max(fx, to[0]) + radius, Math.max(fy, to[1]) + radius, Math.max(fz, to[2]) + radius],
    depthAt: (x, y, z) => {
      const along = ((x - fx) * dx + (y - fy) * dy + (z - fz) * dz) / squared;
      const share = Math.min(1, Math.max(0, along));
      const u = x - fx - share * dx;
      const v = y - fy - share * dy;
      const w = z - fz - share * dz;
      return radius - Math.sqrt(u * u + v * v + w * w);
    },
  };
}

export function box([cx, cy, cz]: Point, [hx, hy, hz]: Point): Solid {
  return {
    low: [cx - hx, cy - hy, cz - hz],
    high: [cx + hx, cy + hy, cz + hz],
    depthAt: (x, y, z) => Math.min(hx - Math.abs(x - cx), hy - Math.abs(y - cy), hz - Math.abs(z - cz)),
  };
}

/** What of a solid lies inside another shape too. */
export function within({ low, high, depthAt }: Solid, other: Depth): Solid {
  return { low, high, depthAt: (x, y, z) => Math.min(depthAt(x, y, z), other(x, y, z)) };
}

/** A solid with so many millimetres more around it, or fewer where they are negative. */
export function grown({ low, high, depthAt }: Solid, mm: number): Solid {
  return {
    low: [low[0] - mm, low[1] - mm, low[2] - mm],
    high: [high[0] + mm, high[1] + mm, high[2] + mm],
    depthAt: (x, y, z) => depthAt(x, y, z) + mm,
  };
}
