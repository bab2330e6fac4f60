import { type FSWatcher, realpathSync, watch } from "node:fs";
import { dirname, resolve } from "node:path";
import { errorCode } from "../../files/index.ts";

/**
 * Hears of changes in folders. Folders and not files, since most editors save by renaming a new file over the old one; what is
 * heard only says that it is worth looking.
 */
export class FolderWatch {
  private readonly watchers = new Map<string, FSWatcher>();
  private readonly heard: () => void;
  private refusedBy: string | null = null;

  constructor(heard: () => void) {
    this.heard = heard;
  }

  /** The system's name for what keeps some folder from being watched, such as `ENOSPC` where all of Linux's watches are taken. */
  get refusal(): string | null {
    return this.refusedBy;
  }

  /** Watches the folders that these files are in or would be in, with and without links, and no others. */
  watch(paths: Iterable<string>): void {
    const folders = new Set([...paths].flatMap(foldersOf));
    for (const [folder, watcher] of this.watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      this.watchers.delete(folder);
    }
    for (const folder of folders) if (!this.watchers.has(folder)) this.open(folder);
  }

  close(): void {
    for (const watcher of this.watchers.values()) watcher.close();
    this.watchers.clear();
  }

  private open(folder: string): void {
    try {
      const watcher = watch(folder, this.heard);
      this.watchers.set(folder, watcher);
      // A folder that goes away: whoever looks next watches the one that it was in.
      watcher.on("error", () => {
        watcher.close();
        this.watchers.delete(folder);
        this.heard();
      });
    } catch (error) {
      const code = errorCode(error);
      if (code === null) throw error;
      if (code !== "ENOENT" && code !== "ENOTDIR") this.refusedBy = code;
    }
  }
}

function foldersOf(path: string): readonly string[] {
  const folder = nearestFolder(dirname(resolve(path)));
  try {
    return [folder, dirname(realpathSync(path))];
  } catch {
    return [folder];
  }
}

/** A folder, or where it is missing the nearest one around it that is there. */
function nearestFolder(folder: string): string {
  for (let nearest = folder; ; nearest = dirname(nearest)) {
    try {
      return realpathSync(nearest);
    } catch {
      if (dirname(nearest) === nearest) return nearest;
    }
  }
}
