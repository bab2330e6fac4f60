import { type Extension, type Range, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";
import { keywords, lex } from "../../../../grammar/index.ts";
import type { ShownName } from "../protocol.ts";

const marks = {
  keyword: Decoration.mark({ class: "cm-keyword" }),
  string: Decoration.mark({ class: "cm-string" }),
  number: Decoration.mark({ class: "cm-number" }),
  comment: Decoration.mark({ class: "cm-comment" }),
};

/** What the tokens of a text are, found at every key: keywords, numbers, strings and comments. */
const tokens = StateField.define<DecorationSet>({
  create: ({ doc }) => coloursIn(doc.toString()),
  update: (colours, { docChanged, newDoc }) => (docChanged ? coloursIn(newDoc.toString()) : colours),
  provide: (field) => EditorView.decorations.from(field),
});

function coloursIn(text: string): DecorationSet {
  const { tokens: found, comments } = lex(text);
  const ranges: Range<Decoration>[] = comments.map(({ image, startOffset }) =>
    marks.comment.range(startOffset, startOffset + image.length),
  );
  for (const [index, { image, startOffset }] of found.entries()) {
    const mark = markOf(image, found[index - 1]?.image, found[index + 1]?.image);
    if (mark !== null) ranges.push(mark.range(startOffset, startOffset + image.length));
  }
  return Decoration.set(ranges, true);
}

/** A keyword after a dot or before an `=` is a name. */
function markOf(image: string, previous: string | undefined, next: string | undefined): Decoration | null {
  if (image.startsWith('"')) return marks.string;
  if (/^\d/.test(image)) return marks.number;
  return Object.hasOwn(keywords, image) && previous !== "." && next !== "=" ? marks.keyword : null;
}

/** The names of a text as the compiler understands them; they move with what is typed until it says more. */
export const showNames = StateEffect.define<readonly ShownName[]>();

const names = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (shown, { changes, effects }) => {
    const found = effects.find((effect) => effect.is(showNames));
    if (found === undefined) return shown.map(changes);
    const ranges = found.value
      .filter(({ start, end }) => end > start)
      .map(({ start, end, kind }) => Decoration.mark({ class: `cm-name-${kind}` }).range(start, end));
    return Decoration.set(ranges, true);
  },
  provide: (field) => EditorView.decorations.from(field),
});

export const colours: Extension = [tokens, names];
