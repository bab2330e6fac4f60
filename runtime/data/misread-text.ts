import { printCount } from "../text/index.ts";
import { quoted } from "./quoted.ts";

/** What bytes from 0x80 to 0xbf become that are read as Windows-1252 or Latin-1, and the first bytes of UTF-8 before one, two or three. */
const after = "[\\x80-\\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]";
const misread = new RegExp(`[Â-ß]${after}|[à-ï]${after}{2}|[ð-ô]${after}{3}`);

/** Says how many texts look like UTF-8 that was read as another encoding, which ftfy guesses at and repairs; null where none does. */
export function describeMisread(texts: readonly string[]): string | null {
  const found = texts.filter((text) => misread.test(text));
  const [first] = found;
  if (first === undefined) return null;
  const at = misread.exec(first)?.index ?? 0;
  const count = `${printCount(found.length)} of ${printCount(texts.length)} texts look`;
  return `${count} like UTF-8 that was read as another encoding, as ${quoted(first.slice(at, at + 3))}; open_clip repairs these, medctc does not`;
}
