import { type Extension, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, WidgetType } from "@codemirror/view";
import { element } from "../elements.ts";
import type { Fact } from "../protocol.ts";

export interface ShownFacts {
  readonly facts: readonly Fact[];
  /** Whether they are of an earlier text. */
  readonly isStale: boolean;
}

/** Shows what the compiler found behind the lines that it is about. */
export const showFacts = StateEffect.define<ShownFacts>();

class FactWidget extends WidgetType {
  private readonly text: string;
  private readonly isStale: boolean;

  constructor(text: string, isStale: boolean) {
    super();
    this.text = text;
    this.isStale = isStale;
  }

  override eq(other: FactWidget): boolean {
    return other.text === this.text && other.isStale === this.isStale;
  }

  override toDOM(): HTMLElement {
    return element("span", { class: this.isStale ? "cm-fact cm-stale" : "cm-fact", "aria-hidden": "true" }, this.text);
  }
}

const shown = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (facts, { changes, effects, newDoc }) => {
    const found = effects.find((effect) => effect.is(showFacts));
    if (found === undefined) return facts.map(changes);
    const ranges = found.value.facts.map(({ at, text }) =>
      Decoration.widget({ widget: new FactWidget(text, found.value.isStale), side: 1 }).range(newDoc.lineAt(at).to),
    );
    return Decoration.set(ranges, true);
  },
  provide: (field) => EditorView.decorations.from(field),
});

export const factLines: Extension = shown;
