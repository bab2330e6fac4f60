import { createSource, formatSource, parse, type Source, type Span } from "../../../grammar/index.ts";

/** A change of a text at its offsets. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * A spec's text with other placements instead of its own, formatted: where its first one stood, or else where its losses begin.
 * What it expects stays, whether or not it still holds. Null for a text that cannot be read or has no model.
 */
export function putPlacements(source: Source, lines: readonly string[], imports: readonly string[]): string | null {
  const { text } = source;
  const { items } = parse(source).file;
  const model = items.find((item) => item.kind === "model");
  if (model === undefined) return null;
  const own = model.members.filter(
    (member) => member.kind === "placement" || (member.kind === "addition" && member.member.kind === "placement"),
  );
  const [first, ...others] = own;
  const written = lines.join("\n  ");
  const before = model.members.find(({ kind }) => kind === "loss-use" || kind === "expect");
  const at = first?.span ?? pointAt(source, before?.span.start ?? model.span.end - 1);
  const edits: Edit[] = [
    { start: at.start, end: at.end, text: first === undefined ? `${written}\n  ` : written },
    ...others.map(({ span }) => lineOf(text, span)),
  ];
  if (imports.length > 0) {
    const last = items.findLast((item) => item.kind === "import");
    const place = last?.span.end ?? items[0]?.span.start ?? 0;
    const added = imports.map((path) => `import "${path}"`).join("\n");
    edits.push({ start: place, end: place, text: last === undefined ? `${added}\n` : `\n${added}` });
  }
  const changed = edits
    .sort((a, b) => b.start - a.start)
    .reduce((known, { start, end, text: put }) => `${known.slice(0, start)}${put}${known.slice(end)}`, text);
  return formatSource(createSource(source.name, changed)).text;
}

function pointAt(source: Source, at: number): Span {
  return { source, start: at, end: at };
}

/** A member with the rest of its line where nothing else stands on it. */
function lineOf(text: string, { start, end }: Span): Edit {
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const lineEnd = text.indexOf("\n", end);
  const isAlone = text.slice(lineStart, start).trim() === "" && lineEnd >= 0 && text.slice(end, lineEnd).trim() === "";
  return isAlone ? { start: lineStart, end: lineEnd + 1, text: "" } : { start, end, text: "" };
}
