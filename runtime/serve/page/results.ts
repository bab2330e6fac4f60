import { element, table } from "./dom.ts";
import { number } from "./numbers.ts";
import type { ChosenRun } from "./store.ts";

type KnownRun = ChosenRun & { readonly details: NonNullable<ChosenRun["details"]> };

/** Final numbers beside each other, the settings that differ, and pages; built anew only where something in it changed. */
export class Results {
  private readonly root: HTMLElement;
  private shown = "";

  constructor(root: HTMLElement) {
    this.root = root;
  }

  update(chosen: readonly ChosenRun[]): void {
    const known = chosen.flatMap(({ run, slot, details }): readonly KnownRun[] =>
      details === null ? [] : [{ run, slot, details }],
    );
    const now = JSON.stringify(
      known.map(({ run, details }) => [run.id, run.name, details.settings, details.pages, details.evaluations.at(-1)]),
    );
    if (now === this.shown) return;
    this.shown = now;
    this.root.replaceChildren(...(known.length === 0 ? [] : [finalTable(known), settingsTable(known), pagesOf(known)]));
    if (known.length === 0) this.root.append(element("p", { class: "about" }, "Tick runs to compare them."));
  }
}

function finalTable(known: readonly KnownRun[]): Node {
  const last = known.map(({ details }) => new Map(details.evaluations.at(-1)?.values ?? []));
  const names = [...new Set(last.flatMap((values) => [...values.keys()]))];
  if (names.length === 0) return element("p", { class: "about" }, "No run that is ticked has been evaluated yet.");
  const columns = [
    { title: "number", isNumber: false },
    ...known.map(({ run }) => ({ title: run.name, isNumber: true })),
  ];
  const steps = known.map(({ details }) => String(details.evaluations.at(-1)?.step ?? "–"));
  const rows = names.map((name) => [name, ...last.map((values) => number(values.get(name) ?? null))]);
  return table("Last evaluation on held-out data", columns, [["at step", ...steps], ...rows]);
}

function settingsTable(known: readonly KnownRun[]): Node {
  if (known.length < 2) return element("p", { class: "about" }, "Tick another run to see the settings that differ.");
  const settings = known.map(({ details }) => new Map(details.settings));
  const names = [...new Set(settings.flatMap((each) => [...each.keys()]))];
  const differing = names.filter((name) => new Set(settings.map((each) => each.get(name))).size > 1);
  if (differing.length === 0) return element("p", { class: "about" }, "The settings of these runs are the same.");
  const columns = [
    { title: "setting", isNumber: false },
    ...known.map(({ run }) => ({ title: run.name, isNumber: false })),
  ];
  const rows = differing.map((name) => [name, ...settings.map((each) => each.get(name) ?? "–")]);
  return table("Settings that differ", columns, rows, "setting");
}

function pagesOf(known: readonly KnownRun[]): Node {
  const items = known.flatMap(({ run, details }) =>
    details.pages.map(({ title, address }) =>
      element("li", {}, element("a", { href: address, target: "_blank", rel: "noopener" }, `${run.name}: ${title}`)),
    ),
  );
  if (items.length === 0)
    return element("p", { class: "about" }, "No report yet: a run writes it when it is finished.");
  return element("div", {}, element("h3", {}, "Pages"), element("ul", {}, ...items));
}
