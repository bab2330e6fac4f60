import { failed, ok, type Result } from "../../text/index.ts";
import { type Fault, fault } from "../problem.ts";

/**
 * A text in bytes with what SentencePiece's rules of normalisation make of them: a double array trie (darts-clone) of what is
 * replaced, and the replacements, each ended by a zero.
 */
export class Charsmap {
  readonly #units: Uint32Array;
  readonly #replacements: Uint8Array;
  readonly #texts = new Map<number, string>();

  constructor(units: Uint32Array, replacements: Uint8Array) {
    this.#units = units;
    this.#replacements = replacements;
  }

  /** What stands for the beginning of some bytes, and how many of them: of several rules the longest or the shortest. */
  replacement(bytes: Uint8Array, from: number, to: number, which: "longest" | "shortest"): Replacement | null {
    const units = this.#units;
    let found: Replacement | null = null;
    let node = offsetOf(units[0] ?? 0);
    for (let at = from; at < to; at++) {
      const byte = bytes[at] ?? 0;
      node = (node ^ byte) >>> 0;
      const unit = units[node];
      // A unit's label has its highest bit, too, where it is a value and no byte.
      if (unit === undefined || (unit & 0x800000ff) !== byte) break;
      node = (node ^ offsetOf(unit)) >>> 0;
      if (((unit >>> 8) & 1) === 0) continue;
      found = { text: this.#textAt((units[node] ?? 0) & 0x7fffffff), bytes: at + 1 - from };
      if (which === "shortest") break;
    }
    return found;
  }

  #textAt(place: number): string {
    const known = this.#texts.get(place);
    if (known !== undefined) return known;
    const end = this.#replacements.indexOf(0, place);
    const text = decoder.decode(this.#replacements.subarray(place, end < 0 ? undefined : end));
    this.#texts.set(place, text);
    return text;
  }
}

interface Replacement {
  readonly text: string;
  readonly bytes: number;
}

function offsetOf(unit: number): number {
  return ((unit >>> 10) << ((unit & 0x200) >>> 6)) >>> 0;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** Reads the bytes of a `precompiled_charsmap`. */
export function readCharsmap(bytes: Uint8Array): Result<Charsmap, Fault> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = bytes.length < 4 ? 0 : view.getUint32(0, true);
  if (size === 0 || size % 4 !== 0 || 4 + size > bytes.length) {
    return failed(
      fault(`its precompiled charsmap of ${bytes.length} bytes does not have the trie that it starts with`),
    );
  }
  const units = Uint32Array.from({ length: size / 4 }, (_, index) => view.getUint32(4 + 4 * index, true));
  return ok(new Charsmap(units, bytes.subarray(4 + size)));
}

const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });

/**
 * A text as Hugging Face's tokenizers normalise it. They look at each grapheme: one of at most five bytes is replaced as a whole by the
 * shortest rule for its beginning; of others each character. SentencePiece itself takes the longest rule, wherever it ends.
 */
export function normaliseGraphemes(text: string, map: Charsmap): string {
  let out = "";
  for (const { segment } of graphemes.segment(text)) {
    const bytes = encoder.encode(segment);
    const whole = bytes.length < 6 ? map.replacement(bytes, 0, bytes.length, "shortest") : null;
    out += whole?.text ?? Array.from(segment, (character) => characterOf(character, map)).join("");
  }
  return out;
}

function characterOf(character: string, map: Charsmap): string {
  const bytes = encoder.encode(character);
  return map.replacement(bytes, 0, bytes.length, "shortest")?.text ?? character;
}
