import { element } from "./dom.ts";
import type { ChosenRun } from "./store.ts";

/** The last lines of what went wrong in the runs that were chosen. */
export class Problems {
  private readonly root: HTMLElement;
  private shown: string | null = null;

  constructor(root: HTMLElement) {
    this.root = root;
  }

  update(chosen: readonly ChosenRun[]): void {
    const wrong = chosen.filter(({ details }) => (details?.problems.length ?? 0) > 0);
    const now = JSON.stringify(wrong.map(({ run, details }) => [run.id, run.name, details?.problems]));
    if (now === this.shown) return;
    this.shown = now;
    const blocks = wrong.flatMap(({ run, details }) => [
      element("h3", {}, run.name),
      element("pre", { class: "problems" }, (details?.problems ?? []).join("\n")),
    ]);
    this.root.replaceChildren(...(blocks.length > 0 ? blocks : [element("p", { class: "about" }, "None.")]));
  }
}
