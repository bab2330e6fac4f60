import { button, element } from "../elements.ts";
import { type LineChange, lineChanges } from "../line-changes.ts";
import type { Spec } from "../protocol.ts";
import type { Context, Panel, State } from "./panel.ts";
import { TextView } from "./text-view.ts";

const pauseMs = 300;
/** Lines that did not change and are shown around those that did. */
const around = 2;
const marks = { same: " ", removed: "-", added: "+" } as const;

/** What changed since the text was opened: its lines, and what it means. */
export function changesPanel({ patient, startFromHere }: Context): Panel {
  const lines = element("pre", {
    class: "printed lines",
    tabindex: "0",
    role: "region",
    "aria-label": "Changed lines",
  });
  const meaning = new TextView("Changed meaning", () => "changes.txt");
  const reset = button("Compare from here", startFromHere);
  let shown = "";
  let timer: number | undefined;

  const compare = async (before: Spec, after: Spec): Promise<void> => {
    meaning.wait();
    patient.interrupt();
    const key = shown;
    const outcome = await patient.ask<"compare">({ kind: "compare", before, after });
    if (shown !== key) return;
    if (outcome.kind === "superseded") {
      shown = "";
      return;
    }
    meaning.setCommand([
      "medctc",
      "diff",
      `${before.path} (as opened)`,
      before.path === after.path ? `${after.path} (as edited)` : after.path,
    ]);
    if (outcome.kind === "done") meaning.show(outcome.value);
    else meaning.refuse(`internal error: ${outcome.message}`);
  };

  return {
    id: "changes",
    title: "Changes",
    element: element(
      "div",
      {},
      element(
        "div",
        { class: "fields" },
        element("p", { class: "hint" }, "From the text as it was opened to the text as it is."),
        reset,
      ),
      element("h3", {}, "Lines"),
      lines,
      element("h3", {}, "Meaning"),
      meaning.element,
    ),
    show: ({ spec, shown: good, start }: State) => {
      showLines(lines, start.text, spec.text);
      if (good === null) return;
      const key = JSON.stringify([start, good]);
      if (key === shown) return;
      const isFirst = shown === "";
      shown = key;
      window.clearTimeout(timer);
      timer = window.setTimeout(() => void compare(start, good), isFirst ? 0 : pauseMs);
    },
  };
}

function showLines(into: HTMLElement, before: string, after: string): void {
  if (before === after) {
    into.replaceChildren("no line changed\n");
    return;
  }
  const changes = lineChanges(before, after);
  const isNear = (index: number): boolean =>
    changes.slice(Math.max(0, index - around), index + around + 1).some(({ kind }) => kind !== "same");
  const parts: (Node | string)[] = [];
  let isGap = false;
  for (const [index, change] of changes.entries()) {
    if (isNear(index)) {
      if (isGap) parts.push(element("span", { class: "gap" }, "  ...\n"));
      parts.push(lineOf(change));
      isGap = false;
    } else isGap = true;
  }
  into.replaceChildren(...parts);
}

function lineOf({ kind, text }: LineChange): Node | string {
  const line = `${marks[kind]} ${text}\n`;
  return kind === "same" ? line : element(kind === "added" ? "ins" : "del", {}, line);
}
