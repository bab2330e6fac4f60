import { parentPort } from "node:worker_threads";
import { loadVolume } from "./load-volume.ts";
import type { VolumeAnswer, VolumeTask } from "./volume-messages.ts";

/** A thread that loads volumes, one at a time, and gives them away without copying. */
parentPort?.on("message", ({ request, settings, cache }: VolumeTask) => {
  loadVolume(request, { settings, cache }).then(
    ({ result, uncached }) => {
      const moved = result.kind === "volume" ? [result.voxels.buffer] : [];
      parentPort?.postMessage({ kind: "done", result, uncached } satisfies VolumeAnswer, moved);
    },
    (error: unknown) => {
      const problem = error instanceof Error ? error.message : String(error);
      parentPort?.postMessage({ kind: "failed", problem } satisfies VolumeAnswer);
    },
  );
});
