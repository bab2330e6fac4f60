import { parentPort } from "node:worker_threads";
import { isRefusal, problemOf } from "../machine/index.ts";
import type { Problem } from "../text/index.ts";
import { loadAugmented } from "./load-volume.ts";
import type { VolumeAnswer, VolumeTask } from "./volume-messages.ts";

/** A thread that loads volumes, one at a time in the order in which they come, and gives them away without copying. */
let before = Promise.resolve();
parentPort?.on("message", (task: VolumeTask) => {
  before = before.then(() => answer(task));
});

async function answer({ request, cache, used }: VolumeTask): Promise<void> {
  try {
    const { result, uncached } = await loadAugmented(request, { cache }, used);
    const moved = result.kind === "ok" ? [result.value.voxels.buffer] : [];
    parentPort?.postMessage({ kind: "done", result, uncached } satisfies VolumeAnswer, moved);
  } catch (error) {
    parentPort?.postMessage({ kind: "failed", problem: problemWith(request.path, error) } satisfies VolumeAnswer);
  }
}

/** What the system refused, with what helps; of anything else, its own words. */
function problemWith(path: string, error: unknown): Problem {
  if (isRefusal(error)) return problemOf(error, path);
  return { subject: path, message: error instanceof Error ? error.message : String(error), help: null };
}
