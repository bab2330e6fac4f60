import type { RunState } from "../wire.ts";
import { Connection } from "./connection.ts";
import { Curves } from "./curves.ts";
import { place, setText } from "./dom.ts";
import { Problems } from "./problems.ts";
import { Results } from "./results.ts";
import { RunsTable } from "./runs-table.ts";
import { Store } from "./store.ts";

const states: readonly RunState[] = ["running", "finished", "stopped", "failed"];

const store = new Store();
const runs = new RunsTable(store, chosen);
const curves = new Curves(place("curves"), place("controls"));
const results = new Results(place("results"));
const problems = new Problems(place("problems"));
let isConnected = true;
let isDue = false;
const connection = new Connection(store, changed, (now) => {
  isConnected = now;
  changed();
});

place("runs").append(runs.root);
connection.start();

function chosen(): void {
  changed();
  void connection.update();
}

/** Shows what is known now, once for all that changed before the next picture. */
function changed(): void {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    const now = store.chosen();
    setText(place("status"), statusText());
    runs.update();
    curves.update(now);
    results.update(now);
    problems.update(now);
  });
}

/** What is read out when it changes: how many runs are in which state. */
function statusText(): string {
  const counts = states.flatMap((state) => {
    const count = [...store.runs.values()].filter((run) => run.state === state).length;
    return count === 0 ? [] : [`${count} ${state}`];
  });
  const lost = isConnected ? "" : "Connection lost, trying again. ";
  const found = counts.length === 0 ? "No runs yet; they appear when a training begins." : counts.join(", ");
  return [`${lost}${found}`, ...store.notes].join("; ");
}
