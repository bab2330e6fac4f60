import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  pickedCompletion,
} from "@codemirror/autocomplete";
import type { Extension } from "@codemirror/state";
import { hoverTooltip } from "@codemirror/view";
import type { Suggestion } from "../../../../compiler/editor/index.ts";
import { element } from "../elements.ts";
import { renderMarkdown } from "../markdown.ts";
import type { Answers, Hovered, Mending, ShownSuggestion } from "../protocol.ts";

/** What the editor asks the compiler at a place of its text; null for what was superseded. */
export interface Assistance {
  readonly complete: (text: string, offset: number) => Promise<Answers["complete"] | null>;
  readonly hover: (text: string, offset: number) => Promise<Hovered | null>;
}

/** CodeMirror's name for the icon of a suggestion. */
const icons: Readonly<Record<Suggestion["kind"], string>> = {
  function: "function",
  loss: "function",
  operation: "function",
  module: "class",
  adapter: "class",
  model: "class",
  let: "variable",
  variable: "variable",
  base: "variable",
  input: "variable",
  metric: "variable",
  parameter: "variable",
  size: "variable",
  encoder: "property",
  "optional-buffer": "property",
  param: "property",
  part: "property",
  argument: "property",
  setting: "property",
  family: "enum",
  role: "enum",
  selector: "enum",
  import: "namespace",
  file: "namespace",
  keyword: "keyword",
  value: "constant",
};

/** Completion and hovers. */
export function assist({ complete, hover }: Assistance): Extension {
  const source = async (context: CompletionContext): Promise<CompletionResult | null> => {
    const { pos, explicit, state } = context;
    if (!explicit && context.matchBefore(/[\w.*"/]$/) === null) return null;
    const found = await complete(state.doc.toString(), pos);
    if (found === null || context.aborted) return null;
    return {
      from: found.start,
      options: found.suggestions.map(completionOf),
      validFor: /^\w*$/,
    };
  };
  return [
    autocompletion({ override: [source], activateOnTypingDelay: 80 }),
    hoverTooltip(async (view, pos) => {
      const found = await hover(view.state.doc.toString(), pos);
      if (found === null || (found.code === null && found.lines.every((line) => line.trim() === ""))) return null;
      return { pos: found.start, end: found.end, above: true, create: () => ({ dom: hoverBox(found) }) };
    }),
  ];
}

function completionOf({ text, kind, detail, about, insert, importing }: ShownSuggestion): Completion {
  return {
    label: text,
    type: icons[kind],
    detail: detail.length > 60 ? `${detail.slice(0, 59)}…` : detail,
    apply: importing === null ? insert : applyWith(insert, importing),
    ...(about === "" ? {} : { info: () => element("div", {}, ...renderMarkdown(about)) }),
  };
}

/** Writes a name and, elsewhere in the text, its import. */
function applyWith(insert: string, { start, end, text }: Mending): Exclude<Completion["apply"], string | undefined> {
  return (view, completion, from, to) => {
    const shift = end <= from ? text.length - (end - start) : 0;
    view.dispatch({
      changes: [
        { from, to, insert },
        { from: start, to: end, insert: text },
      ],
      selection: { anchor: from + shift + insert.length },
      annotations: pickedCompletion.of(completion),
      userEvent: "input.complete",
    });
  };
}

function hoverBox({ code, lines }: Hovered): HTMLElement {
  const head = code === null ? [] : [element("pre", {}, code)];
  return element("div", { class: "cm-hover" }, ...head, ...lines.flatMap(renderMarkdown));
}
