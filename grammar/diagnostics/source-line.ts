/** A line of a source as a terminal shows it, and where in it the marked part is, in columns. */
export interface DrawnLine {
  readonly text: string;
  readonly column: number;
  readonly width: number;
}

/** Columns of a source line that are shown; of a longer one, the part around the mark. */
const shownColumns = 140;
const leadColumns = 40;
const tabColumns = 4;

/**
 * Draws the part of a line that starts at a character and has a width, in UTF-16 characters. Tabs become blanks, what a
 * terminal would obey becomes an escape, and the carets move with them.
 */
export function drawLine(line: string, character: number, width: number): DrawnLine {
  const cutsStart = line.length > shownColumns && character > leadColumns;
  const from = cutsStart ? character - leadColumns : 0;
  const to = from + shownColumns;
  const before = cutsStart ? "..." : "";
  const after = line.length > to ? "..." : "";
  const lead = drawText(line.slice(from, character));
  const marked = drawText(line.slice(character, Math.min(character + width, to)));
  const rest = drawText(line.slice(Math.min(character + width, to), to));
  return {
    text: before + lead + marked + rest + after,
    column: displayWidth(before + lead),
    width: Math.max(1, displayWidth(marked)),
  };
}

function drawText(text: string): string {
  return text.replaceAll("\t", " ".repeat(tabColumns)).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, "\u{FFFD}");
}

const wide =
  /\p{Extended_Pictographic}|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60]/u;
const combining = /\p{Mn}/u;

/** Columns of a text: East Asian characters and pictures take two, combining marks none. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += combining.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return width;
}
