import type { RunDetails, RunSummary, RunsChange, Series } from "../wire.ts";

/** Runs that can be chosen at once: as many lines as can be told apart. */
export const mostChosen = 12;

/** A run that was chosen, with the number of its look, which stays while it is chosen. */
export interface ChosenRun {
  readonly run: RunSummary;
  readonly slot: number;
  readonly details: RunDetails | null;
}

/** What the page knows. */
export class Store {
  /** In the order in which they are listed: runs that are new come first. */
  readonly order: string[] = [];
  readonly runs = new Map<string, RunSummary>();
  notes: readonly string[] = [];
  private readonly slots = new Map<string, number>();
  private readonly details = new Map<string, RunDetails>();
  private hasChosen = false;

  apply(change: RunsChange): void {
    const gone = change.isWhole ? this.order.filter((id) => !change.runs.some((run) => run.id === id)) : change.removed;
    for (const id of gone) this.forget(id);
    const added = change.runs.filter(({ id }) => !this.runs.has(id)).sort(byInterest);
    this.order.unshift(...added.map(({ id }) => id));
    for (const run of change.runs) this.runs.set(run.id, run);
    this.notes = change.notes;
    if (!this.hasChosen) this.chooseSome();
  }

  isChosen(id: string): boolean {
    return this.slots.has(id);
  }

  slotOf(id: string): number | null {
    return this.slots.get(id) ?? null;
  }

  get isFull(): boolean {
    return this.slots.size >= mostChosen;
  }

  choose(id: string, isChosen: boolean): void {
    this.hasChosen = true;
    if (!isChosen) {
      this.slots.delete(id);
      this.details.delete(id);
    } else if (!this.isFull && this.runs.has(id)) this.slots.set(id, this.freeSlot());
  }

  chosen(): readonly ChosenRun[] {
    return this.order.flatMap((id) => {
      const slot = this.slots.get(id);
      const run = this.runs.get(id);
      return slot === undefined || run === undefined ? [] : [{ run, slot, details: this.details.get(id) ?? null }];
    });
  }

  /** What is known of a chosen run's curves, so that only what came since is asked for. */
  known(id: string): { readonly generation: number; readonly step: number; readonly width: number } {
    const details = this.details.get(id);
    const series = details?.series ?? [];
    const width = series[0]?.width ?? 0;
    const step = Math.max(0, ...series.map(({ buckets }) => buckets.at(-1)?.[0] ?? 0));
    return { generation: details?.generation ?? 0, step, width };
  }

  /** Puts what came behind what is known. */
  merge(news: RunDetails): void {
    const before = this.details.get(news.id);
    if (!this.slots.has(news.id)) return;
    const old = new Map((news.from === 0 ? [] : (before?.series ?? [])).map((series) => [series.name, series]));
    const series = news.series.map((each): Series => {
      const known = old.get(each.name);
      const start = each.buckets[0]?.[0] ?? Number.POSITIVE_INFINITY;
      const kept = known?.buckets.filter(([step]) => step < start) ?? [];
      return { ...each, buckets: [...kept, ...each.buckets] };
    });
    this.details.set(news.id, { ...news, series });
  }

  private forget(id: string): void {
    this.order.splice(this.order.indexOf(id), 1);
    this.runs.delete(id);
    this.slots.delete(id);
    this.details.delete(id);
  }

  private freeSlot(): number {
    const taken = new Set(this.slots.values());
    return Array.from({ length: mostChosen }, (_, slot) => slot).find((slot) => !taken.has(slot)) ?? 0;
  }

  /** Until its reader chooses: what is running, or else what was trained last. */
  private chooseSome(): void {
    const running = this.order.filter((id) => this.runs.get(id)?.state === "running");
    const wanted = running.length > 0 ? running : this.order;
    for (const id of wanted.slice(0, 6)) {
      if (!this.slots.has(id) && this.slots.size < 6) this.slots.set(id, this.freeSlot());
    }
  }
}

/** Runs that go on first, then the last ones. */
function byInterest(a: RunSummary, b: RunSummary): number {
  const rank = (run: RunSummary): number => (run.state === "running" ? 0 : 1);
  return rank(a) - rank(b) || (b.updatedAt ?? 0) - (a.updatedAt ?? 0) || (a.name < b.name ? -1 : 1);
}
