import { fromWindows1252, unescapeHtml, unescapeStrictly } from "./unescape-html.ts";

/** Blanks as Python and Hugging Face have them. */
const blanks = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;

const ligatures: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{ Ĳ: "IJ", ĳ: "ij", ŉ: "ʼn", Ǳ: "DZ", ǲ: "Dz", ǳ: "dz", Ǆ: "DŽ", ǅ: "Dž", ǆ: "dž", Ǉ: "LJ", ǈ: "Lj", ǉ: "lj" },
    ...{ Ǌ: "NJ", ǋ: "Nj", ǌ: "nj", ﬀ: "ff", ﬁ: "fi", ﬂ: "fl", ﬃ: "ffi", ﬄ: "ffl", ﬅ: "ſt", ﬆ: "st" },
  }),
);
const anyLigature = new RegExp(`[${[...ligatures.keys()].join("")}]`, "gu");

/**
 * A caption as open_clip's tokenizer cleans it: ftfy's repairs of single characters (quotes, ligatures, wide letters, line
 * breaks, control characters, NFC), HTML's escapes, blanks to one space, lower case. Two things are not done: ftfy's guess
 * of an encoding that was read as another ("â€™" stays), and the rarer ones of HTML's 2,231 names.
 */
export function cleanCaption(text: string): string {
  return captionText(text).toLowerCase();
}

/** The same in the case that it has: what open_clip does before a text goes to a tokenizer of Hugging Face. */
export function captionText(text: string): string {
  return collapseBlanks(unescapeHtml(unescapeHtml(repair(text))));
}

/** Characters that only control something, but for blanks and what may still stand for a mark of Windows. */
const controls = /(?![\t\n\f\r\x80-\x9f])[\p{Cc}\u206a-\u206f\ufeff\ufff9-\ufffc]/gu;
const terminalEscapes = new RegExp(`${String.fromCharCode(0x1b)}\\[[\\d;]*[a-zA-Z]`, "g");

/** ftfy goes on until nothing changes, which what is escaped again and again can draw out. */
const mostRounds = 10;

function repair(text: string): string {
  let isMarkup = false;
  const lines = text.split(/(?<=\n)/).map((line) => {
    // From the first tag on it is HTML, in which an escape is meant.
    isMarkup ||= line.includes("<");
    return repairLine(line, !isMarkup);
  });
  return lines.join("");
}

function repairLine(line: string, unescapes: boolean): string {
  let repaired = line;
  let before = "";
  for (let round = 0; round < mostRounds && before !== repaired; round++) {
    before = repaired;
    repaired = repairOnce(unescapes ? unescapeStrictly(repaired) : repaired);
  }
  return repaired;
}

function repairOnce(text: string): string {
  return text
    .replace(/[\x80-\x9f]/g, (control) => fromWindows1252(control.charCodeAt(0)))
    .replace(anyLigature, (ligature) => ligatures.get(ligature) ?? ligature)
    .replace(/[\u3000\uff01-\uffef]/g, (wide) => wide.normalize("NFKC"))
    .replace(/[\u201c-\u201f]/g, '"')
    .replace(/[\u02bc\u2018-\u201b]/g, "'")
    .replace(/\r\n|[\r\u2028\u2029\x85]/g, "\n")
    .replace(/[\ud800-\udfff]/gu, "\uFFFD")
    .replace(terminalEscapes, "")
    .replace(controls, "")
    .normalize("NFC");
}

/** A text as the tokenizer.json of Hugging Face's CLIP has it: NFC, blanks to one space, lower case letter by letter. */
export function normaliseCaption(text: string): string {
  return collapseBlanks(text.normalize("NFC")).replaceAll("Σ", "σ").toLowerCase();
}

function collapseBlanks(text: string): string {
  return text.replace(blanks, " ").replace(/^ | $/g, "");
}
