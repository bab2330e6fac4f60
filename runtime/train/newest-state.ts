import { join } from "node:path";
import { readState } from "./checkpoint.ts";
import type { TrainingState } from "./checkpoint-state.ts";
import { CheckpointStore } from "./checkpoint-store.ts";

/** What the newest checkpoint of a run says that can be read; null where there is none. */
export function newestState(folder: string): TrainingState | null {
  const store = new CheckpointStore(join(folder, "checkpoints"));
  const steps = store.steps();
  for (const step of steps.kind === "ok" ? steps.value : []) {
    const state = readState(store.folderOf(step));
    if (state.kind === "ok") return state.value;
  }
  return null;
}
