import { parentPort } from "node:worker_threads";
import { loadVolume } from "./load-volume.ts";
import type { VolumeAnswer, VolumeTask } from "./volume-messages.ts";

/** A thread that loads volumes, one at a time in the order in which they come, and gives them away without copying. */
let before = Promise.resolve();
parentPort?.on("message", (task: VolumeTask) => {
  before = before.then(() => answer(task));
});

async function answer({ request, settings, cache }: VolumeTask): Promise<void> {
  try {
    const { result, uncached } = await loadVolume(request, { settings, cache });
    const moved = result.kind === "ok" ? [result.value.voxels.buffer] : [];
    parentPort?.postMessage({ kind: "done", result, uncached } satisfies VolumeAnswer, moved);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    parentPort?.postMessage({ kind: "failed", problem } satisfies VolumeAnswer);
  }
}
