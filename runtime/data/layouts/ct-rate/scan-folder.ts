import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { at } from "../../../at.ts";
import type { Problem } from "../../../text/index.ts";
import type { ListedVolume } from "../../dataset.ts";
import { compareNaturally } from "../../natural-order.ts";
import { quoted } from "../../quoted.ts";
import { reasonOf } from "../../reasons.ts";

/** How deep below the data folder tables and volumes are looked for; a file right in it has depth 1. */
const deepestTable = 4;
const deepestVolume = 8;
const mostEntries = 2_000_000;
const foldersAtOnce = 32;

/** A volume's file, whatever split it is in. */
type FoundVolume = Pick<ListedVolume, "name" | "file">;

/** What is in a data folder, in an order that does not depend on the machine. */
export interface FolderScan {
  /** By the names that tables may use, see `volumeKey`; without those that are there twice. */
  readonly volumes: ReadonlyMap<string, FoundVolume>;
  /** The names of those. */
  readonly repeated: ReadonlySet<string>;
  readonly tables: readonly string[];
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
}

/** What a volume goes by: its file's name, which stays the same when somebody unpacks the file. */
export function volumeKey(name: string): string {
  return name.endsWith(".nii.gz") ? name.slice(0, -".gz".length) : name;
}

/**
 * Finds the volumes (`*.nii`, `*.nii.gz`) and tables (`*.csv`) below a folder. Links are not followed, so that nothing
 * outside is read; names that start with a dot are left out, as editors and file systems put copies there.
 */
export async function scanFolder(folder: string): Promise<FolderScan> {
  const scan = new Scan();
  let level: readonly string[] = [folder];
  for (let depth = 1; depth <= deepestVolume && level.length > 0; depth++) level = await scan.readLevel(level, depth);
  if (level.length > 0) scan.notes.push(`folders deeper than ${deepestVolume} levels were not looked into`);
  return scan.result();
}

class Scan {
  readonly notes: string[] = [];
  private readonly problems: Problem[] = [];
  private readonly files: FoundVolume[] = [];
  private readonly tables: string[] = [];
  private entries = 0;
  private links = 0;

  /** Reads the folders of one level, and gives those of the next. */
  async readLevel(folders: readonly string[], depth: number): Promise<readonly string[]> {
    const next: string[] = [];
    for (let from = 0; from < folders.length; from += foldersAtOnce) {
      const some = folders.slice(from, from + foldersAtOnce);
      const read = await Promise.all(some.map((folder) => this.readFolder(folder)));
      for (const [index, entries] of read.entries()) {
        const folder = at(some, index);
        this.entries += entries.length;
        if (this.entries > mostEntries) {
          const message = `there are more than ${mostEntries} files and folders in it`;
          this.problems.push({ subject: folder, message, help: "name the folder of the data set alone" });
          return [];
        }
        for (const entry of entries) this.take(folder, entry, depth, next);
      }
    }
    return next;
  }

  private async readFolder(folder: string): Promise<readonly Dirent[]> {
    try {
      return await readdir(folder, { withFileTypes: true });
    } catch (error) {
      this.problems.push({ subject: folder, message: `it cannot be read: ${reasonOf(error)}`, help: null });
      return [];
    }
  }

  private take(folder: string, entry: Dirent, depth: number, next: string[]): void {
    const { name } = entry;
    if (name.startsWith(".")) return;
    const path = join(folder, name);
    if (entry.isDirectory()) next.push(path);
    else if (entry.isSymbolicLink()) this.links++;
    else if (!entry.isFile()) return;
    else if (/\.nii(\.gz)?$/.test(name)) this.files.push({ name, file: path });
    else if (depth <= deepestTable && /\.csv$/i.test(name)) this.tables.push(path);
  }

  result(): FolderScan {
    const volumes = new Map<string, FoundVolume>();
    const repeated = new Set<string>();
    for (const found of this.files.toSorted((a, b) => compareNaturally(a.file, b.file))) {
      const key = volumeKey(found.name);
      const first = volumes.get(key);
      if (first === undefined) {
        volumes.set(key, found);
        continue;
      }
      repeated.add(key);
      const message = `the volume ${quoted(found.name)} is in two places; the other is ${first.file}`;
      this.problems.push({ subject: found.file, message, help: "keep one of them, or name a folder that has one" });
    }
    for (const key of repeated) volumes.delete(key);
    if (this.links > 0) {
      this.notes.push(`${this.links} symbolic ${this.links === 1 ? "link was" : "links were"} not followed`);
    }
    return {
      volumes,
      repeated,
      tables: this.tables.toSorted(compareNaturally),
      problems: this.problems,
      notes: this.notes,
    };
  }
}
