import { codeFolding, foldGutter, foldKeymap, foldService } from "@codemirror/language";
import { type Extension, RangeSet, RangeValue, StateEffect, StateField } from "@codemirror/state";
import { keymap } from "@codemirror/view";
import type { Stretch } from "../protocol.ts";

export const showFolds = StateEffect.define<readonly Stretch[]>();

class Fold extends RangeValue {}
const fold = new Fold();

/** What can be folded; it moves with what is typed until the compiler says more. */
const known = StateField.define<RangeSet<Fold>>({
  create: () => RangeSet.empty,
  update: (folds, { changes, effects }) => {
    const found = effects.find((effect) => effect.is(showFolds));
    if (found === undefined) return folds.map(changes);
    return RangeSet.of(
      found.value.filter(({ start, end }) => end > start).map(({ start, end }) => fold.range(start, end)),
      true,
    );
  },
});

/** A body is folded from its brace, comments and imports from the end of their first line. */
const service = foldService.of((state, lineStart, lineEnd) => {
  let range: { from: number; to: number } | null = null;
  state.field(known).between(lineStart, lineEnd, (from, to) => {
    if (from < lineStart || from > lineEnd || state.doc.lineAt(Math.min(to, state.doc.length)).from <= lineStart)
      return;
    const brace = state.doc.sliceString(from, to).indexOf("{");
    const closes = brace >= 0 && state.doc.sliceString(to - 1, to) === "}" && from + brace < lineEnd;
    range = closes ? { from: from + brace + 1, to: to - 1 } : { from: lineEnd, to };
  });
  return range;
});

export const folds: Extension = [
  known,
  service,
  codeFolding(),
  foldGutter({
    foldingChanged: ({ transactions }) =>
      transactions.some(({ effects }) => effects.some((effect) => effect.is(showFolds))),
  }),
  keymap.of(foldKeymap),
];
