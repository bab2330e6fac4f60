import { defaultVolume } from "../../compiler/index.ts";
import type { CacheSettings } from "../../runtime/data/cache.ts";
import { loadVolume } from "../../runtime/data/load-volume.ts";

/**
 * Reads and preprocesses a volume some times, into the memory of the time before as a loader's threads do, and prints the seconds of each,
 * the peak of this process, and the mean.
 */
const [path = "", rounds = "1", folder] = process.argv.slice(2);
const cache: CacheSettings | null = folder === undefined ? null : { folder, bytes: 2 ** 30 };
const metadata = { slope: 1, intercept: 0, xySpacing: 0.7, zSpacing: 1 };
const seconds: number[] = [];
let mean = 0;
let from = "";
let used: ArrayBuffer | null = null;
for (let round = 0; round < Number(rounds); round++) {
  const start = performance.now();
  const { result } = await loadVolume(
    { path, metadata, prepare: { kind: "volume", settings: defaultVolume } },
    { cache },
    used,
  );
  seconds.push((performance.now() - start) / 1000);
  if (result.kind === "failed") throw new Error(result.problem.message);
  const { voxels } = result.value;
  mean = voxels.reduce((sum, value) => sum + value, 0) / voxels.length;
  from = result.value.from;
  used = voxels.buffer;
}
process.stdout.write(JSON.stringify({ seconds, peakBytes: process.resourceUsage().maxRSS * 1024, mean, from }));
