import { element } from "../elements.ts";
import type { PrintRequest } from "../protocol.ts";
import type { Context, Panel, State } from "./panel.ts";
import { TextView } from "./text-view.ts";

/** What a panel asks for now, and the command that prints it. */
export interface Asked {
  readonly what: PrintRequest["what"];
  readonly after: string | null;
  readonly withMemory: boolean;
  readonly command: (path: string) => readonly string[];
  /** Takes long, so that it must not keep others from being answered. */
  readonly isSlow: boolean;
}

/** After how long a pause in typing something slow is computed. */
const pauseMs = 300;
/** After how long it is given up. */
const limitMs = 40_000;

/** A panel with a text that a command prints, with fields that change what is asked for. */
export function printPanel(
  {
    id,
    title,
    fields,
    asked,
  }: {
    readonly id: string;
    readonly title: string;
    /** `changed` asks anew. */
    readonly fields: (changed: () => void) => readonly HTMLElement[];
    readonly asked: () => Asked;
  },
  { quick, patient }: Context,
): Panel {
  let state: State | null = null;
  let shown = "";
  let timer: number | undefined;
  const view = new TextView(title, () => `${state?.counts?.model ?? "spec"}.${id}.txt`);
  const ask = async (): Promise<void> => {
    const spec = state?.shown;
    if (spec === null || spec === undefined) return view.refuse("");
    const { what, after, withMemory, command, isSlow } = asked();
    const key = JSON.stringify([spec, what, after, withMemory]);
    if (key === shown) return;
    shown = key;
    view.wait();
    if (isSlow) patient.interrupt();
    const request = { kind: "print", spec, what, after, withMemory } as const;
    const outcome = await (isSlow ? patient.askWithin<"print">(limitMs, request) : quick.ask<"print">(request));
    if (shown !== key) return;
    if (outcome.kind === "late") {
      const line = command(spec.path).join(" ");
      view.refuse(
        `This takes more than ${limitMs / 1000} s in a browser; a terminal has more time and memory for it:\n$ ${line}`,
      );
      return;
    }
    if (outcome.kind === "superseded") {
      shown = "";
      return;
    }
    view.setCommand(command(spec.path));
    if (outcome.kind === "done") view.show(outcome.value);
    else view.refuse(`internal error: ${outcome.message}`);
  };
  const own = fields(() => void ask());
  const bar = own.length === 0 ? [] : [element("div", { class: "fields" }, ...own)];
  return {
    id,
    title,
    element: element("div", {}, ...bar, view.element),
    show: (next) => {
      const isFirst = state === null || shown === "";
      state = next;
      window.clearTimeout(timer);
      if (asked().isSlow && !isFirst) timer = window.setTimeout(() => void ask(), pauseMs);
      else void ask();
    },
  };
}
