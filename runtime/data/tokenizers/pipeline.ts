import { type AddedToken, type Section, sectionFinder } from "./added-tokens.ts";
import type { Frame } from "./frame.ts";
import type { Normalise } from "./normalizers-json.ts";

/** What a tokenizer.json says, step by step. */
export interface Pipeline {
  readonly kind: "bpe" | "unigram";
  readonly numbers: ReadonlyMap<string, number>;
  readonly added: readonly AddedToken[];
  readonly normalise: Normalise;
  /** Splits what lies between added tokens into words. `isFirst` says that it is the beginning of the text. */
  readonly split: (text: string, isFirst: boolean) => Iterable<string>;
  readonly encodeWord: (word: string) => readonly number[];
  readonly frame: Frame;
}

/** Words that are kept with their tokens, and the longest of them: reports repeat a few ten thousand. */
const mostKept = 2 ** 16;
const longestKept = 64;

/** What gives the numbers of a text's first tokens, without its frame. */
export function pipelineEncoder(pipeline: Pipeline): (text: string, most: number) => readonly number[] {
  const { added, normalise, split, encodeWord } = pipeline;
  const isPlain = ({ normalized }: AddedToken): boolean => !normalized;
  const plainly = sectionFinder(added.filter(isPlain));
  const normalised = sectionFinder(
    added.flatMap((token) => (isPlain(token) ? [] : [{ ...token, content: normalise(token.content).text }])),
  );
  const sectionsOf = ({ text, isFirst }: { readonly text: string; readonly isFirst: boolean }): readonly Section[] => {
    const changed = normalise(text);
    return normalised(changed.text, isFirst && changed.keepsStart);
  };
  const kept = new Map<string, readonly number[]>();
  const numbersOf = (word: string): readonly number[] => {
    const known = kept.get(word);
    if (known !== undefined) return known;
    const found = encodeWord(word);
    if (word.length <= longestKept && kept.size < mostKept) kept.set(word, found);
    return found;
  };
  return (text, most) => {
    const ids: number[] = [];
    for (const part of plainly(text, true)) {
      const sections = "id" in part ? [part] : sectionsOf(part);
      for (const section of sections) {
        if (ids.length >= most) return ids.slice(0, most);
        if ("id" in section) {
          ids.push(section.id);
          continue;
        }
        for (const word of split(section.text, section.isFirst)) {
          if (ids.length >= most) break;
          for (const id of numbersOf(word)) ids.push(id);
        }
      }
    }
    return ids.slice(0, most);
  };
}
