import type { Dirent } from "node:fs";
import { readdir, realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { errorCode } from "../files/index.ts";
import { lockFolder, metricsFile, recordFile } from "../train/index.ts";

/** A folder that a training writes into, or a page that stands by itself. */
export interface FoundRun {
  readonly folder: string;
  /** Its path as it is shown: below the folder that was named, with that one's name where there are several. */
  readonly name: string;
}

export interface FoundRuns {
  readonly runs: readonly FoundRun[];
  /** Folders with a page of `medctc eval`, `medctc compare` or `medctc sweep`, and the file. */
  readonly pages: readonly (FoundRun & { readonly file: string })[];
  readonly notes: readonly string[];
}

const mostRuns = 500;
const mostPages = 200;
const mostEntries = 50_000;
const deepest = 8;

/** What a run's folder has for itself, in which there are no runs. */
const ownFolders: ReadonlySet<string> = new Set(["checkpoints", "evaluations", "events", "jobs", lockFolder]);

/** A file that each has: of an evaluation, of a comparison, of a sweep. */
const pageFiles = [
  ["results.json", "report.html"],
  ["compare.html", "compare.html"],
  ["sweep.json", "index.html"],
] as const;

/**
 * The runs in folders and below them. The folders that are named may be links; others below them are not followed, and hidden folders
 * and npm's are left out. What cannot be read is left out, too: a disk may come back.
 */
export async function findRuns(roots: readonly string[]): Promise<FoundRuns> {
  const runs: FoundRun[] = [];
  const pages: (FoundRun & { readonly file: string })[] = [];
  const notes = new Set<string>();
  const seen = new Set<string>();
  let entriesLeft = mostEntries;
  for (const root of roots) {
    const shown = (below: string): string =>
      roots.length === 1 ? below || root : below === "" ? root : `${root}/${below}`;
    const folders: { readonly below: string; readonly depth: number }[] = [{ below: "", depth: 0 }];
    for (let next = folders.shift(); next !== undefined; next = folders.shift()) {
      const { below, depth } = next;
      const folder = resolve(root, below);
      const entries = await entriesOf(folder);
      entriesLeft -= entries.length;
      if (entriesLeft < 0) {
        notes.add(`there is more than can be looked through; name folders further down than ${root}`);
        break;
      }
      const files = new Set(entries.flatMap((entry) => (entry.isFile() ? [entry.name] : [])));
      const isRun = files.has(metricsFile) || files.has(recordFile);
      const page = isRun ? undefined : pageFiles.find(([mark]) => files.has(mark))?.[1];
      if (isRun || page !== undefined) {
        const real = await realPathOf(folder);
        if (seen.has(real)) continue;
        seen.add(real);
        if (isRun && runs.length < mostRuns) runs.push({ folder, name: shown(below) });
        else if (isRun) notes.add(`more than ${mostRuns} runs; the first are shown`);
        else if (page !== undefined && files.has(page) && pages.length < mostPages)
          pages.push({ folder, name: shown(below), file: page });
      }
      if (depth === deepest) continue;
      for (const entry of entries) {
        const { name } = entry;
        const isLeftOut = name.startsWith(".") || name === "node_modules" || (isRun && ownFolders.has(name));
        if (entry.isDirectory() && !isLeftOut)
          folders.push({ below: below === "" ? name : `${below}/${name}`, depth: depth + 1 });
      }
    }
  }
  return { runs, pages, notes: [...notes] };
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return [];
  }
}

async function realPathOf(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch {
    return folder;
  }
}
