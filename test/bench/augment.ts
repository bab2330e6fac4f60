import type { Augmentation } from "../../compiler/index.ts";
import { defaultData } from "../../compiler/index.ts";
import { augmentVolume, operationsOf, type VolumeGrid } from "../../runtime/data/augment/index.ts";

/** Nanoseconds a voxel of each random change of a volume, on one thread; `node test/run.mjs test/bench/augment.ts SLICES`. */
const slices = Number(process.argv[2] ?? 240);
const grid: VolumeGrid = {
  sizes: [slices, defaultData.size[1], defaultData.size[2]],
  spacing: defaultData.spacing,
  channels: [{ range: [-1, 1], window: [-1000, 1000], padding: -1 }],
};
const chance = 1;
const all: readonly Augmentation[] = [
  { kind: "flip", axis: "width", chance, sides: "ignore" },
  { kind: "shift", chance, by: { unit: "voxels", most: [4, 8, 8] } },
  { kind: "rotate", chance, degrees: 10, axis: "slices" },
  { kind: "rotate", chance, degrees: 10, axis: "height" },
  { kind: "scale", chance, range: [0.9, 1.1] },
  { kind: "crop", chance, share: [0.8, 0.8] },
  { kind: "intensity", chance, shift: 0.1, scale: 0.1 },
  { kind: "noise", chance, std: 0.05 },
  { kind: "blur", chance, sigma: [1, 1] },
  { kind: "window", chance, jitter: 50 },
];
const count = slices * grid.sizes[1] * grid.sizes[2];
const lists = [...all.map((each) => [each]), all];
for (const list of lists) {
  const times: number[] = [];
  for (let step = 0; step < 3; step++) {
    const values = Float32Array.from({ length: count }, (_, at) => ((at * 31) % 2000) / 1000 - 1);
    const { volumes } = operationsOf(list);
    const before = process.cpuUsage();
    augmentVolume(values, grid, volumes, { seed: 0, step, example: "bench" });
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  const fastest = Math.min(...times);
  const name = list.length > 1 ? "all of these" : list.map(({ kind }) => kind).join();
  console.log(
    `${name.padEnd(14)} ${((fastest * 1e6) / count).toFixed(1).padStart(6)} ns a voxel  ${(fastest / 1000).toFixed(2)} s`,
  );
}
const megabytes = process.resourceUsage().maxRSS / 1024;
console.log(`peak ${megabytes.toFixed(0)} MB; a volume is ${((4 * count) / 2 ** 20).toFixed(0)} MB`);
