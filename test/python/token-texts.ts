import { readFileSync } from "node:fs";
import { drawPatient } from "../../runtime/data/synth/patient.ts";
import { writeReport } from "../../runtime/data/synth/reports.ts";
import type { Random } from "../random.ts";

/**
 * Characters that texts and vocabularies are made of, first and last of each block. Those that Unicode got lately are left
 * out: whether they are marks or letters depends on how old a program's tables are.
 */
const blocks = [
  ...[0x20, 0x24f, 0x300, 0x36f, 0x391, 0x3ce, 0x400, 0x4ff, 0x5d0, 0x5ea, 0x900, 0x94d, 0x1100, 0x11ff],
  ...[0x1e00, 0x1eff, 0x1f00, 0x1f15, 0x2000, 0x206f, 0x20a0, 0x20bf, 0x2100, 0x214f, 0x2190, 0x22ff],
  ...[0x2460, 0x24ff, 0x3000, 0x303f, 0x3041, 0x3096, 0x4e00, 0x4e7f, 0xac00, 0xac7f, 0xe000, 0xe00f],
  ...[0xf900, 0xf91f, 0xfb00, 0xfb06, 0xff01, 0xff9f, 0x1f1e6, 0x1f1ff, 0x1f3fb, 0x1f3ff, 0x1f600, 0x1f64f],
  ...[0x20000, 0x2003f, 0x2b820, 0x2b93f, 0x2f800, 0x2f83f],
];

/** What tokenizers have read differently: special tokens, blanks, what has no width, case, accents, words at the limit. */
const pieces = [
  ...["[CLS]", "[SEP]", "[MASK]", "[PAD]", "[cls]", "<s>", "</s>", "<pad>", "<unk>", "<mask>", "  <mask> "],
  ...[
    "<|endoftext|>",
    "<|im_start|>",
    "<think>",
    "[IMPRESSION]",
    " \t[IMPRESSION]\n ",
    "<|begin_of_text|>",
    "<extra_id_3>",
  ],
  ...["ﬁnding\u0301", "finding\u0301", "lung", "lungs", "cardiomegalyXYZ", " atelectasisXYZ"],
  ...["\0", "\u0001", "\u001C", "\u007F", "\u0085", "\u00A0", "\u200B", "\u200D", "\u2028", "\uFEFF", "\uFFFD"],
  ...["\t", "\n", "\r\n", "\n\n  ", "   ", "▁", "▁▁", "a\u00A0\u0301", "\u0301"],
  ...["ΑΣ", "ΣΑΣ.", "İstanbul", "ß", "ſ", "'ſ", "'S", "I'VE", "we'll", "K", "Å", "e\u0301", "é\u0301\u0302"],
  ...["가", "\u1100\u1161", "ﬃ", "①", "㍿", "👩‍⚕️", "🇩🇪", "1.5cm", "12345", "-", "..."],
  ...["x".repeat(100), "x".repeat(101), "ab".repeat(300)],
];

const edges = ["", " ", "  ", "\n", " lung", "lung ", "</s>", "a </s>", "</s> a", "<s>", "\uFEFF"];

export function charactersOf(): readonly string[] {
  const ranges = Array.from({ length: blocks.length / 2 }, (_, index) => blocks.slice(2 * index, 2 * index + 2));
  return ranges.flatMap(([first = 0, last = -1]) =>
    Array.from({ length: last - first + 1 }, (_, index) => String.fromCodePoint(first + index)),
  );
}

/** Reports as medctc makes them up, and prose and code of the repository, by line. */
export function plainLines(): readonly string[] {
  const written = ["README.md", "CONTRIBUTING.md", "grammar/LANGUAGE.md"].map((path) => readFileSync(path, "utf8"));
  const reports = Array.from({ length: 200 }, (_, number) => writeReport(drawPatient(3, "train", number)));
  const said = reports.flatMap(({ findings, impressions }) => [findings, impressions, `${findings} ${impressions}`]);
  return [...said, ...written.join("\n").split("\n")].filter((line) => line.trim() !== "");
}

/** Texts made at random of words, characters, and what is known to be read differently; a quarter are lines as they are. */
export function randomTexts(
  count: number,
  random: Random,
  words: readonly string[],
  lines: readonly string[] = [],
): readonly string[] {
  const characters = charactersOf();
  const partOf = (): string => {
    switch (random.below(4)) {
      case 0:
        return random.pick(pieces);
      case 1:
        return Array.from({ length: 1 + random.below(5) }, () => random.pick(characters)).join("");
      default: {
        const word = random.pick(words);
        return random.below(3) === 0 ? word.toUpperCase() : word;
      }
    }
  };
  const texts = Array.from({ length: count - edges.length }, () => {
    if (lines.length > 0 && random.below(4) === 0) return random.pick(lines);
    return Array.from({ length: random.below(14) }, partOf).join(random.pick([" ", "", "  "]));
  });
  return [...edges, ...texts];
}
