/** A text cut into sentences, with what stands between them: as many pieces as sentences, the last one after the last. */
export interface Sentences {
  readonly sentences: readonly string[];
  readonly gaps: readonly string[];
}

/**
 * A sentence ends at a new line, and at `.`, `!` or `?` before blanks and an upper-case letter or a digit. Where findings and
 * impressions were joined with nothing between, it also ends before the letter itself. `3.5 mm` is no end, nor is a short form.
 */
const end =
  /(?<=[.!?])(?<!\b(?:Dr|Prof|Mr|Mrs|Ms|St|vs|approx|ca|cf|e\.g|i\.e)\.)(?:[ \t]+(?=[\p{Lu}\d])|(?<=[\p{Ll})]\.)(?=\p{Lu}\p{Ll}))|\n\s*/gu;

export function sentencesOf(text: string): Sentences {
  const sentences: string[] = [];
  const gaps: string[] = [];
  let from = 0;
  for (const match of text.matchAll(end)) {
    if (match.index === from) continue;
    sentences.push(text.slice(from, match.index));
    from = match.index + match[0].length;
    gaps.push(match[0]);
  }
  if (from < text.length) {
    sentences.push(text.slice(from));
    gaps.push("");
  }
  return { sentences, gaps };
}
