import type { RunSummary } from "../wire.ts";
import { element, setText } from "./dom.ts";
import { swatch } from "./look.ts";
import { duration, number, rate } from "./numbers.ts";
import { mostChosen, type Store } from "./store.ts";

/** Columns behind the name and the state, with what stands in them. */
const numbers: readonly (readonly [title: string, print: (run: RunSummary) => string])[] = [
  ["loss", ({ loss }) => number(loss)],
  ["validation", ({ validationLoss }) => number(validationLoss)],
  ["learning rate", ({ learningRate }) => number(learningRate)],
  ["gradient norm", ({ gradientNorm }) => number(gradientNorm)],
  ["examples/s", ({ examplesPerSecond }) => rate(examplesPerSecond)],
  ["time left", ({ state, secondsLeft }) => (state === "running" ? duration(secondsLeft) : "–")],
];

/** Without news for so long a run that goes on is said to be silent. */
const silentMs = 60_000;

interface Row {
  readonly row: HTMLTableRowElement;
  readonly update: (run: RunSummary) => void;
}

/** The list of runs. Rows stay and change their texts, so that neither focus nor place is lost while it is watched. */
export class RunsTable {
  readonly root: HTMLElement;
  private readonly body = element("tbody");
  private readonly rows = new Map<string, Row>();
  private readonly store: Store;
  private readonly chosen: () => void;

  constructor(store: Store, chosen: () => void) {
    this.store = store;
    this.chosen = chosen;
    const caption = "Runs; those that are ticked are drawn and compared";
    const heads = [
      element("th", { scope: "col" }, "run"),
      element("th", { scope: "col" }, "state"),
      element("th", { scope: "col" }, "step"),
      ...numbers.map(([title]) => element("th", { scope: "col", class: "number" }, title)),
    ];
    this.root = element(
      "div",
      { class: "scroll runs", role: "region", tabindex: 0, "aria-label": caption },
      element(
        "table",
        {},
        element("caption", {}, element("span", {}, caption)),
        element("thead", {}, element("tr", {}, ...heads)),
        this.body,
      ),
    );
  }

  update(): void {
    for (const [id, { row }] of this.rows) {
      if (this.store.runs.has(id)) continue;
      row.remove();
      this.rows.delete(id);
    }
    let before: HTMLTableRowElement | null = null;
    for (const id of this.store.order) {
      const run = this.store.runs.get(id);
      if (run === undefined) continue;
      const row = this.rows.get(id) ?? this.add(run);
      row.update(run);
      const next: Element | null = before === null ? this.body.firstElementChild : before.nextElementSibling;
      if (next !== row.row) this.body.insertBefore(row.row, next);
      before = row.row;
    }
  }

  private add(run: RunSummary): Row {
    const { id } = run;
    const box = element("input", { type: "checkbox" });
    const mark = element("span", { class: "swatch" });
    box.addEventListener("change", () => {
      this.store.choose(id, box.checked);
      this.chosen();
    });
    const state = element("span");
    const note = element("span", { class: "note" });
    const step = element("span");
    const progress = element("progress", { "aria-label": `steps of ${run.name}` });
    const cells = numbers.map(() => element("td", { class: "number" }));
    const name = element("label", {}, box, mark, element("span", {}, run.name));
    const row = element(
      "tr",
      {},
      element("th", { scope: "row" }, name),
      element("td", {}, state, note),
      element("td", {}, step, progress),
      ...cells,
    );
    let slotShown: number | null = null;
    const update = (now: RunSummary): void => {
      const slot = this.store.slotOf(id);
      box.checked = slot !== null;
      box.disabled = slot === null && this.store.isFull;
      box.title = box.disabled ? `${mostChosen} runs are ticked already` : "";
      if (slot !== slotShown) mark.replaceChildren(...(slot === null ? [] : [swatch(slot)]));
      slotShown = slot;
      state.className = `state ${now.state}`;
      setText(state, now.state);
      setText(note, noteOf(now));
      setText(step, now.steps === null ? String(now.step) : `${now.step} of ${now.steps}`);
      progress.hidden = now.steps === null || now.state === "finished";
      progress.max = now.steps ?? 1;
      progress.value = now.step;
      for (const [at, [, print]] of numbers.entries()) {
        const cell = cells[at];
        if (cell !== undefined) setText(cell, print(now));
      }
    };
    const made = { row, update };
    this.rows.set(id, made);
    return made;
  }
}

function noteOf({ state, note, updatedAt }: RunSummary): string {
  const silent = updatedAt === null ? 0 : Date.now() - updatedAt;
  const last = state === "running" && silent > silentMs ? `last step ${duration(silent / 1000)} ago` : "";
  return [note, last].filter((text) => text !== "").join("; ");
}
