import type { Channel, VolumeGrid } from "./grid.ts";
import { voxelCount } from "./grid.ts";

/** A new value is factor * value + term, and then cut to the range of its channel. */
export interface Line {
  readonly factor: number;
  readonly term: number;
}

/** Changes the values of all channels, each by its own line. */
export function mapValues(values: Float32Array, grid: VolumeGrid, lineOf: (channel: Channel) => Line): void {
  const count = voxelCount(grid);
  for (const [index, channel] of grid.channels.entries()) {
    const { factor, term } = lineOf(channel);
    const [lowest, highest] = channel.range;
    for (let at = index * count; at < (index + 1) * count; at++) {
      // No `?? 0` in here ever counts.
      const value = factor * (values[at] ?? 0) + term;
      values[at] = Math.min(Math.max(value, lowest), highest);
    }
  }
}
