import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultVolume } from "../../compiler/index.ts";
import { VolumeLoader } from "../data/index.ts";
import { encodeNifti } from "../data/synth/index.ts";
import { generator } from "../random.ts";
import { ProblemError } from "../text/index.ts";
import { spreadOf } from "./statistics.ts";

/** A scan with half as many voxels along each axis as one of a chest has, and what it is resampled to. */
const stored = [256, 256, 150] as const;
const spacing = [0.7, 0.7, 1] as const;
const grid = [120, 240, 240] as const;

/** Readings that are counted, after a first one. */
const readings = 3;

/**
 * Voxels of a gzipped volume that one thread reads and resamples in a second, to 0.7 times as many, as CT-RATE's are for CT-CLIP. Throws
 * what the system says.
 */
export async function timeReading(folder: string): Promise<number> {
  const path = join(folder, "volume.nii.gz");
  const random = generator(0);
  // Air with a scanner's noise, which compresses as scans do.
  const voxels = Float32Array.from({ length: stored[0] * stored[1] * stored[2] }, () => -1000 + 60 * random());
  writeFileSync(path, encodeNifti({ size: stored, spacing, voxels }, 0));
  const metadata = { slope: 1, intercept: 0, xySpacing: spacing[0], zSpacing: spacing[2] };
  const prepare = { kind: "volume", settings: { ...defaultVolume, size: grid } } as const;
  const loader = new VolumeLoader({ cache: null, workers: 1, ahead: 0 });
  try {
    const timesMs: number[] = [];
    for (let reading = 0; reading <= readings; reading++) {
      const start = performance.now();
      const result = await loader.load({ path, metadata, prepare });
      if (result.kind === "failed") throw new ProblemError(result.problem);
      timesMs.push(performance.now() - start);
      loader.takeBack([result.value.voxels]);
    }
    return (1000 * stored[0] * stored[1] * stored[2]) / spreadOf(timesMs.slice(1)).medianMs;
  } finally {
    await loader.dispose();
  }
}
