import type { RunDetails, Series } from "../wire.ts";
import { drawChart, type Line } from "./chart.ts";
import { element, setText, table } from "./dom.ts";
import { keysOf } from "./look.ts";
import { number, titleOf } from "./numbers.ts";
import type { ChosenRun } from "./store.ts";

/** What comes first; what else a log has comes after. */
const firstNames = ["loss", "learning_rate", "gradient_norm"];

/** Of evaluations these are drawn; each class would be a chart of its own. */
const heldOutNames = ["mean AUROC", "mean AP", "macro F1", "accuracy"];

/** What is drawn, in words. */
const explained =
  "By step. Points on dotted lines are held-out data; bands reach from the least to the largest value of steps that share a place.";

/** Rows of the table behind a chart. */
const tableRows = 20;

interface Figure {
  readonly root: HTMLElement;
  readonly drawing: HTMLElement;
  readonly details: HTMLDetailsElement;
  readonly behind: HTMLElement;
}

/** A chart for each quantity, with the lines of all runs that were chosen, and its numbers behind it. */
export class Curves {
  private readonly root: HTMLElement;
  private readonly figures = new Map<string, Figure>();
  private readonly keys = element("div");
  private readonly smooth = element("input", { type: "checkbox", checked: "" });
  private readonly log = element("input", { type: "checkbox" });
  private readonly stretched = element("input", { type: "checkbox" });
  private readonly empty = element("p", { class: "about" }, "Tick runs to draw their curves.");
  private shown: readonly ChosenRun[] = [];
  private readonly widths = new WeakMap<Element, number>();

  constructor(root: HTMLElement, controls: HTMLElement) {
    this.root = root;
    controls.append(
      element("label", {}, this.smooth, "Smooth"),
      element("label", {}, this.log, "Logarithmic"),
      element("label", {}, this.stretched, "Each run over the whole width"),
    );
    controls.after(this.keys);
    for (const box of [this.smooth, this.log, this.stretched])
      box.addEventListener("change", () => this.update(this.shown));
    new ResizeObserver(() => {
      const width = root.clientWidth;
      if (this.widths.get(root) === width) return;
      this.widths.set(root, width);
      this.update(this.shown);
    }).observe(root);
  }

  update(chosen: readonly ChosenRun[]): void {
    this.shown = chosen;
    this.keys.replaceChildren(
      ...(chosen.length === 0 ? [this.empty] : [keysOf(chosen), element("p", { class: "about" }, explained)]),
    );
    const names = namesOf(chosen);
    for (const [name, { root }] of this.figures) {
      if (names.includes(name)) continue;
      root.remove();
      this.figures.delete(name);
    }
    for (const name of names) {
      const figure = this.figures.get(name) ?? this.add(name);
      // In the order of the names; a figure that stays where it is keeps its focus.
      if (this.root.children[names.indexOf(name)] !== figure.root)
        this.root.insertBefore(figure.root, this.root.children[names.indexOf(name)] ?? null);
      this.draw(name, figure, chosen);
    }
  }

  private add(name: string): Figure {
    const drawing = element("div");
    const behind = element("div");
    const details = element("details", {}, element("summary", {}, "Numbers"), behind);
    const caption = element("figcaption", {}, titleOf(name));
    const root = element("figure", { class: name === "loss" ? "card full" : "card" }, caption, drawing, details);
    details.addEventListener("toggle", () => this.update(this.shown));
    const figure = { root, drawing, details, behind };
    this.figures.set(name, figure);
    return figure;
  }

  private draw(name: string, { root, drawing, details, behind }: Figure, chosen: readonly ChosenRun[]): void {
    const lines = chosen.flatMap(({ slot, details: known }) => (known === null ? [] : [lineOf(name, slot, known)]));
    const label = `${titleOf(name)} over steps. ${chosen.map((each) => describe(name, each)).join(" ")}`;
    const style = getComputedStyle(root);
    const width = root.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight);
    const height = name === "loss" ? 280 : 200;
    // A learning rate follows a plan: it has no noise.
    const isSmooth = this.smooth.checked && name !== "learning_rate";
    const look = { width, height, isSmooth, isLog: this.log.checked, isStretched: this.stretched.checked, label };
    drawing.replaceChildren(drawChart(lines, look));
    if (details.open) behind.replaceChildren(numbersOf(name, chosen));
    else setText(behind, "");
  }
}

function namesOf(chosen: readonly ChosenRun[]): readonly string[] {
  const logged = chosen.flatMap(({ details }) => details?.series.map(({ name }) => name) ?? []);
  const measured = chosen.flatMap(
    ({ details }) => details?.evaluations.flatMap(({ values }) => values.map(([name]) => name)) ?? [],
  );
  const others = [...new Set(logged)].filter((name) => !firstNames.includes(name) && name !== "seconds").sort();
  const first = firstNames.filter((name) => logged.includes(name));
  const heldOut = heldOutNames.filter((name) => measured.includes(name));
  return [...new Set([...first, ...heldOut, ...others, ...(logged.includes("seconds") ? ["seconds"] : [])])];
}

function lineOf(name: string, slot: number, details: RunDetails): Line {
  const series = seriesOf(name, details);
  return { slot, width: series?.width ?? 1, buckets: series?.buckets ?? [], heldOut: heldOutOf(name, details) };
}

function seriesOf(name: string, details: RunDetails): Series | undefined {
  return details.series.find((each) => each.name === name);
}

function heldOutOf(name: string, { evaluations }: RunDetails): readonly (readonly [step: number, value: number])[] {
  return evaluations.flatMap(({ step, values }) => {
    const value = values.find(([own]) => own === name)?.[1] ?? null;
    return value === null ? [] : [[step, value] as const];
  });
}

/** What a chart says to those who do not see it. */
function describe(name: string, { run, details }: ChosenRun): string {
  if (details === null) return `${run.name}: not loaded yet.`;
  const buckets = seriesOf(name, details)?.buckets ?? [];
  const [first, last] = [buckets.at(0), buckets.at(-1)];
  const heldOut = heldOutOf(name, details).at(-1);
  const trained =
    first === undefined || last === undefined
      ? []
      : [`from ${number(first[3])} at step ${first[0]} to ${number(last[3])} at step ${last[0]}`];
  const measured = heldOut === undefined ? [] : [`on held-out data ${number(heldOut[1])} at step ${heldOut[0]}`];
  return `${run.name}: ${[...trained, ...measured].join(", ") || "nothing"}.`;
}

/** Some steps of each run, the last one among them. */
function numbersOf(name: string, chosen: readonly ChosenRun[]): HTMLElement {
  const known = chosen.flatMap(({ run, details }) => (details === null ? [] : [{ run, details }]));
  const columns = [
    { title: "step", isNumber: false },
    ...known.map(({ run }) => ({ title: run.name, isNumber: true })),
  ];
  const values = known.map(({ details }) => {
    const buckets = seriesOf(name, details)?.buckets;
    return buckets?.map(([step, , , mean]) => [step, mean] as const) ?? heldOutOf(name, details);
  });
  const each = Math.max(2, Math.ceil(tableRows / Math.max(1, known.length)));
  const steps = [...new Set(values.flatMap((own) => someSteps(own, each)))].sort((a, b) => a - b);
  const rows = steps.map((step) => [String(step), ...values.map((own) => number(valueAt(own, step)))]);
  return table(`${titleOf(name)}: numbers`, columns, rows);
}

type StepValue = readonly [step: number, value: number];

/** So many steps of a run, as far from each other, the last one among them. */
function someSteps(values: readonly StepValue[], count: number): readonly number[] {
  const every = Math.ceil(values.length / count);
  return values.flatMap(([step], at) => ((values.length - 1 - at) % every === 0 ? [step] : []));
}

/** What a run had at a step or last before it; null before its first and after its last one. */
function valueAt(values: readonly StepValue[], step: number): number | null {
  const last = values.at(-1);
  if (last === undefined || step > last[0]) return null;
  return values.findLast(([own]) => own <= step)?.[1] ?? null;
}
