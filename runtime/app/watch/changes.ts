import { setTimeout as wait } from "node:timers/promises";
import { type FileState, stateOf } from "./file-state.ts";
import { FolderWatch } from "./folders.ts";

/** Files stay as they are for so long before they count as saved: editors write in several steps. */
const quietMs = 60;

/** So long a file that is missing or empty may be about to come. */
const graceMs = 400;

/** Files that change all the time are taken as they are after this. */
const patienceMs = 3000;

/** Between two looks where folders cannot be watched, or are not to be. */
const pollMs = 500;

/** The same where they are watched: disks of other machines tell of no changes that were made there. */
const rareMs = 2000;

/** Tells when files have changed and are whole again. */
export class Changes {
  private readonly folders: FolderWatch | null;
  private wake: () => void = () => undefined;

  constructor({ poll }: { readonly poll: boolean }) {
    this.folders = poll ? null : new FolderWatch(() => this.wake());
  }

  /** Why some folder is looked at instead of being watched; null where none is. */
  get refusal(): string | null {
    return this.folders?.refusal ?? null;
  }

  /** Waits until one of the files is in another state than it was, and gives the paths of those that are. */
  async next(states: ReadonlyMap<string, FileState>, signal: AbortSignal): Promise<readonly string[]> {
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      this.folders?.watch(states.keys());
      if (changedOf(states).length > 0) {
        await settle([...states.keys()], signal);
        const changed = changedOf(states);
        if (changed.length > 0) return changed;
      }
      await Promise.race([woken, wait(this.pauseMs(), undefined, { signal })]);
      // In a folder where much happens, not every event is worth a look.
      await wait(10, undefined, { signal });
    }
  }

  close(): void {
    this.folders?.close();
  }

  private pauseMs(): number {
    return this.folders === null || this.folders.refusal !== null ? pollMs : rareMs;
  }
}

function changedOf(states: ReadonlyMap<string, FileState>): readonly string[] {
  return [...states].flatMap(([path, { mark }]) => (stateOf(path).mark === mark ? [] : [path]));
}

/** Waits until nothing changes any more, and a little longer for what is missing or empty. */
async function settle(paths: readonly string[], signal: AbortSignal): Promise<void> {
  const start = performance.now();
  let before = paths.map(stateOf);
  for (;;) {
    await wait(quietMs, undefined, { signal });
    const now = paths.map(stateOf);
    const elapsedMs = performance.now() - start;
    const isQuiet = now.every(({ mark }, at) => mark === before[at]?.mark);
    const isWhole = elapsedMs > graceMs || now.every(({ isBare }) => !isBare);
    if ((isQuiet && isWhole) || elapsedMs > patienceMs) return;
    before = now;
  }
}
