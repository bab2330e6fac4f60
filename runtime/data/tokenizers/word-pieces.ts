import { Tokenizer as WordPieces } from "@huggingface/tokenizers";
import type { Vocabulary } from "./vocabulary.ts";

/** Words that are kept with their tokens, and the longest of them: reports repeat a few ten thousand. */
const mostWords = 200_000;
const longestWord = 64;

/**
 * The first tokens of a text, word by word: a text's tokens are those of its words, since nothing in it goes beyond a blank. Words
 * come again and again, and the library takes most of a millisecond for a report.
 */
export function wordPieceEncoder(
  vocabulary: Vocabulary,
  numbers: ReadonlyMap<string, number>,
): (text: string, most: number) => readonly number[] {
  const pieces = new WordPieces(libraryForm(vocabulary, numbers), {});
  const known = new Map<string, readonly number[]>();
  const encode = (text: string): readonly number[] => pieces.encode(alikeText(text, vocabulary)).ids;
  const idsOfWord = (word: string): readonly number[] => {
    const found = known.get(word);
    if (found !== undefined) return found;
    const ids = encode(word);
    if (known.size < mostWords && word.length <= longestWord) known.set(word, ids);
    return ids;
  };
  // A special token may have a blank within it.
  if (vocabulary.special.some((token) => /\s/.test(token))) return (text, most) => encode(text).slice(0, most);
  return (text, most) => {
    const ids: number[] = [];
    for (const word of text.split(/[ \t\r\n]+/)) {
      if (ids.length >= most) break;
      if (word !== "") ids.push(...idsOfWord(word));
    }
    return ids.slice(0, most);
  };
}

/** A vocabulary in the form that the library reads. The frame of start and end is put on here, after cutting. */
function libraryForm(vocabulary: Vocabulary, numbers: ReadonlyMap<string, number>): object {
  const { special, unknown, continuation, longestWord } = vocabulary;
  return {
    added_tokens: special.map((content) => ({ id: numbers.get(content), content, special: true, normalized: false })),
    normalizer: {
      type: "BertNormalizer",
      clean_text: vocabulary.cleanText,
      handle_chinese_chars: vocabulary.splitChinese,
      strip_accents: vocabulary.stripAccents,
      lowercase: vocabulary.lowercase,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    model: {
      type: "WordPiece",
      vocab: Object.fromEntries(numbers),
      unk_token: unknown,
      continuing_subword_prefix: continuation,
      max_input_chars_per_word: longestWord,
    },
    post_processor: null,
    decoder: null,
  };
}

/**
 * Where the library reads a text otherwise than BertTokenizer: it does not see Chinese characters beyond U+FFFF, and
 * writes a capital sigma at a word's end as the small one that stands there.
 */
function alikeText(text: string, { splitChinese, lowercase }: Vocabulary): string {
  const split = splitChinese
    ? text.replace(/[\u{20000}-\u{2A6DF}\u{2A700}-\u{2B81F}\u{2B920}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/gu, " $& ")
    : text;
  return lowercase ? split.replaceAll("Σ", "σ") : split;
}
