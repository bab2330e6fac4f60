import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { join, sep } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { printable } from "../../grammar/index.ts";
import type { EventChannel } from "../local-server/index.ts";
import { reportFile } from "../train/index.ts";
import { type FoundRuns, findRuns } from "./find-runs.ts";
import { TrackedRun } from "./tracked-run.ts";
import type { PageLink, RunDetails, RunsChange } from "./wire.ts";

/** Between two looks at all runs while somebody watches. */
const lookMs = 1000;

/** Between two searches for runs that are new or gone. */
const searchMs = 4000;

/** Without a page that listens or asks, nothing is read. */
const idleMs = 10_000;

/** The runs below some folders, kept up to date while somebody watches. */
export class RunBoard {
  private readonly roots: readonly string[];
  private readonly channel: EventChannel;
  private readonly runs = new Map<string, TrackedRun>();
  /** Pages by the addresses that they are served at. */
  private pages = new Map<string, { readonly file: string; readonly title: string; readonly folder: string }>();
  private notes: readonly string[] = [];
  private searchedAt = Number.NEGATIVE_INFINITY;
  private askedAt = Number.NEGATIVE_INFINITY;
  private looking: Promise<boolean> | null = null;

  constructor(roots: readonly string[], channel: EventChannel) {
    this.roots = roots;
    this.channel = channel;
  }

  /** Looks again and again, until it is told to end. */
  async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const isWatched = this.channel.size > 0 || performance.now() - this.askedAt < idleMs;
      const hasMore = isWatched && (await this.look());
      await wait(hasMore ? 0 : lookMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** All runs as they are now, for a page that begins. */
  async whole(): Promise<RunsChange> {
    this.askedAt = performance.now();
    if (this.searchedAt === Number.NEGATIVE_INFINITY) await this.look();
    return this.wholeNow();
  }

  wholeNow(): RunsChange {
    const runs = [...this.runs.values()].map((run) => run.summary());
    return { runs, removed: [], isWhole: true, notes: this.notes };
  }

  details(
    id: string,
    known: { readonly generation: number; readonly step: number; readonly width: number },
  ): RunDetails | null {
    this.askedAt = performance.now();
    const run = this.runs.get(id);
    return run === undefined ? null : run.details(known, this.pagesOf(run));
  }

  /** The file of a page, by its address. */
  fileOf(address: string): string | null {
    const page = this.pages.get(address);
    return page === undefined ? null : join(page.folder, page.file);
  }

  /**
   * Looks at all runs once, and tells the pages what changed; gives whether there is more to read. Who comes meanwhile waits for the
   * same look.
   */
  look(): Promise<boolean> {
    this.looking ??= this.lookOnce().finally(() => {
      this.looking = null;
    });
    return this.looking;
  }

  private async lookOnce(): Promise<boolean> {
    const removed = performance.now() - this.searchedAt >= searchMs ? await this.search() : null;
    const changed: TrackedRun[] = [];
    let hasMore = false;
    for (const run of this.runs.values()) {
      if (!run.isDue(performance.now())) continue;
      // Of a long log a piece at a time, so that others are seen and answered between.
      const { isChanged, hasMore: isLong } = await run.refresh();
      hasMore ||= isLong;
      if (isChanged) changed.push(run);
    }
    const isNews = changed.length > 0 || (removed?.length ?? 0) > 0;
    if (!isNews) return hasMore;
    const runs = changed.map((run) => run.summary());
    const change: RunsChange = { runs, removed: removed ?? [], isWhole: false, notes: this.notes };
    this.channel.send({ name: "runs", data: change });
    return hasMore;
  }

  /** Finds what is new and what is gone; gives the ids of the latter. */
  private async search(): Promise<readonly string[]> {
    const found = await findRuns(this.roots);
    this.searchedAt = performance.now();
    this.notes = found.notes.map(printable);
    const ids = new Map(found.runs.map((run) => [idOf(run.folder), run]));
    const removed = [...this.runs.keys()].filter((id) => !ids.has(id));
    for (const id of removed) this.runs.delete(id);
    for (const [id, { folder, name }] of ids) {
      if (!this.runs.has(id)) this.runs.set(id, new TrackedRun(id, folder, name));
    }
    this.pages = this.findPages(found);
    return removed;
  }

  private findPages({ pages }: FoundRuns): typeof this.pages {
    const ofRuns = [...this.runs.values()].map((run) => {
      return [`/pages/${run.id}.html`, { file: reportFile, title: "report", folder: run.folder }] as const;
    });
    const others = pages.map(({ folder, name, file }) => {
      return [`/pages/${idOf(join(folder, file))}.html`, { file, title: printable(name), folder }] as const;
    });
    return new Map([...ofRuns, ...others]);
  }

  /** Its report, the pages below its folder, and those of the folders around it, as of a sweep. */
  private pagesOf(run: TrackedRun): readonly PageLink[] {
    return [...this.pages].flatMap(([address, { folder, title, file }]): readonly PageLink[] => {
      if (folder === run.folder) {
        const isThere = file !== reportFile || run.hasReportFile;
        return isThere ? [{ title: file === reportFile ? "report" : title, address }] : [];
      }
      const isAround = run.folder.startsWith(`${folder}${sep}`);
      const isBelow = folder.startsWith(`${run.folder}${sep}`);
      return isAround || isBelow ? [{ title, address }] : [];
    });
  }
}

/** The same for a folder whatever links lead to it, and nothing of its name. */
function idOf(path: string): string {
  let real = path;
  try {
    real = realpathSync(path);
  } catch {
    // It is gone meanwhile: its path does as well.
  }
  return createHash("sha256").update(real).digest("hex").slice(0, 16);
}
