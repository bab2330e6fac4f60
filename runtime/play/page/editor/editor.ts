import { closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab, toggleComment } from "@codemirror/commands";
import { bracketMatching, indentUnit } from "@codemirror/language";
import { type Diagnostic, lintGutter, nextDiagnostic, previousDiagnostic, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type TransactionSpec } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import type { Checked, Mending, Mistake } from "../protocol.ts";
import { type Assistance, assist } from "./assist.ts";
import { colours, showNames } from "./colours.ts";
import { factLines, showFacts } from "./facts.ts";
import { folds, showFolds } from "./folds.ts";
import { theme } from "./theme.ts";

export interface EditorEvents extends Assistance {
  readonly changed: () => void;
  readonly format: () => void;
}

/** The text of a spec in CodeMirror, with all that the compiler says of it. */
export class Editor {
  private readonly view: EditorView;
  private readonly events: EditorEvents;

  /** It stands in a shadow of its own: there CodeMirror's style needs no permission that the page's policy does not give. */
  constructor(host: HTMLElement, text: string, events: EditorEvents) {
    this.events = events;
    const root = host.attachShadow({ mode: "open" });
    this.view = new EditorView({ root, parent: root, state: this.stateOf(text) });
  }

  private stateOf(text: string): EditorState {
    const { changed, format } = this.events;
    const isDark = window.matchMedia("(prefers-color-scheme: dark)");
    const scheme = new Compartment();
    isDark.addEventListener("change", ({ matches }) =>
      this.view.dispatch({ effects: scheme.reconfigure(EditorView.darkTheme.of(matches)) }),
    );
    return EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        lintGutter(),
        folds,
        history(),
        drawSelection(),
        bracketMatching(),
        closeBrackets(),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        highlightSelectionMatches(),
        EditorView.lineWrapping,
        indentUnit.of("  "),
        EditorState.tabSize.of(2),
        EditorState.languageData.of(() => [
          { commentTokens: { line: "#" }, closeBrackets: { brackets: ["(", "[", "{", '"'] } },
        ]),
        colours,
        factLines,
        assist(this.events),
        theme,
        scheme.of(EditorView.darkTheme.of(isDark.matches)),
        EditorView.contentAttributes.of({
          "aria-label": "Spec. Tab indents; to leave the editor press Escape, then Tab.",
          tabindex: "0",
          spellcheck: "false",
          autocapitalize: "off",
          autocorrect: "off",
        }),
        keymap.of([
          {
            key: "Shift-Alt-f",
            run: () => {
              format();
              return true;
            },
          },
          { key: "F8", run: nextDiagnostic },
          { key: "Shift-F8", run: previousDiagnostic },
          { key: "Mod-/", run: toggleComment },
          ...closeBracketsKeymap,
          ...completionKeymap,
          ...searchKeymap,
          ...historyKeymap,
          ...defaultKeymap,
          indentWithTab,
        ]),
        EditorView.updateListener.of(({ docChanged }) => {
          if (docChanged) changed();
        }),
      ],
    });
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  /** Another spec: what was typed before cannot be undone into it. */
  open(text: string): void {
    this.view.setState(this.stateOf(text));
    this.view.scrollDOM.scrollTop = 0;
  }

  /** Changes the text where it differs, so that the cursor and what can be undone stay. */
  replace(text: string): void {
    const old = this.text;
    if (old === text) return;
    let start = 0;
    while (start < old.length && start < text.length && old[start] === text[start]) start++;
    let end = 0;
    while (end < old.length - start && end < text.length - start && old.at(-1 - end) === text.at(-1 - end)) end++;
    const insert = text.slice(start, text.length - end);
    this.view.dispatch({ changes: { from: start, to: old.length - end, insert }, userEvent: "input" });
  }

  /** Shows what the compiler found of the text as it is now. */
  show({ mistakes, names, folds: found, facts, counts }: Checked): void {
    const effects: TransactionSpec = {
      effects: [showNames.of(names), showFolds.of(found), showFacts.of({ facts, isStale: counts === null })],
    };
    this.view.dispatch(effects);
    this.view.dispatch(
      setDiagnostics(
        this.view.state,
        mistakes.map((mistake) => this.diagnosticOf(mistake)),
      ),
    );
  }

  private diagnosticOf({ start, end, severity, code, message, mendings }: Mistake): Diagnostic {
    return {
      from: start,
      to: end,
      severity,
      source: code,
      message,
      actions: mendings.map((mending) => ({ name: mending.title, apply: () => this.mend(mending) })),
    };
  }

  mend({ start, end, text }: Mending): void {
    this.view.dispatch({ changes: { from: start, to: end, insert: text }, userEvent: "input" });
    this.view.focus();
  }

  /** Puts the cursor at a place and shows it. */
  goTo(offset: number): void {
    this.view.dispatch({ selection: { anchor: Math.min(offset, this.view.state.doc.length) }, scrollIntoView: true });
    this.view.focus();
  }
}
