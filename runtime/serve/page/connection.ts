import type { RunDetails, RunsChange } from "../wire.ts";
import type { Store } from "./store.ts";

/** Where events cannot be heard, the list is asked for so often. */
const pollMs = 3000;

/** Hears of changes, and asks for what was chosen. */
export class Connection {
  private readonly store: Store;
  private readonly changed: () => void;
  private readonly told: (isConnected: boolean) => void;
  /** The version of each chosen run's details that was asked for last. */
  private readonly asked = new Map<string, number>();

  constructor(store: Store, changed: () => void, told: (isConnected: boolean) => void) {
    this.store = store;
    this.changed = changed;
    this.told = told;
  }

  start(): void {
    const events = new EventSource("/events");
    events.addEventListener("runs", (event: MessageEvent<string>) => {
      this.told(true);
      const change: unknown = JSON.parse(event.data);
      if (isRunsChange(change)) this.apply(change);
    });
    events.addEventListener("error", () => {
      this.told(false);
      // A browser tries again by itself unless it was refused, as where too many pages are open.
      if (events.readyState !== EventSource.CLOSED) return;
      void this.poll().finally(() => setTimeout(() => this.start(), pollMs));
    });
  }

  /** Asks for what is new of the runs that are chosen. */
  async update(): Promise<void> {
    const chosen = this.store.chosen();
    for (const id of this.asked.keys()) if (!this.store.isChosen(id)) this.asked.delete(id);
    const wanted = chosen.filter(({ run }) => this.asked.get(run.id) !== run.version);
    for (const { run } of wanted) this.asked.set(run.id, run.version);
    await Promise.all(wanted.map(({ run }) => this.ask(run.id)));
    if (wanted.length > 0) this.changed();
  }

  private async ask(id: string): Promise<void> {
    const { generation, step, width } = this.store.known(id);
    const query = new URLSearchParams({ id, generation: `${generation}`, step: `${step}`, width: `${width}` });
    const details = await answerOf(`/run.json?${query.toString()}`);
    if (isRunDetails(details)) this.store.merge(details);
    else this.asked.delete(id);
  }

  private async poll(): Promise<void> {
    const change = await answerOf("/runs.json");
    if (!isRunsChange(change)) return;
    this.told(true);
    this.apply(change);
  }

  private apply(change: RunsChange): void {
    this.store.apply(change);
    this.changed();
    void this.update();
  }
}

/** What the server answers; null where it does not, as after it has ended. */
async function answerOf(address: string): Promise<unknown> {
  try {
    const response = await fetch(address);
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

/** It is our own server that answers, and of the same version: what tells its answers apart is enough. */
function isRunsChange(value: unknown): value is RunsChange {
  return typeof value === "object" && value !== null && "runs" in value && "removed" in value;
}

function isRunDetails(value: unknown): value is RunDetails {
  return typeof value === "object" && value !== null && "series" in value && "evaluations" in value;
}
