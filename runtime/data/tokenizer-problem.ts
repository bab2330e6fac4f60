import { type Problem, printCount } from "../text/index.ts";
import type { TokenInput } from "./data-inputs.ts";
import type { Tokenizer } from "./tokenizers/index.ts";

/** Tables have more rows than there are tokens where these are rounded up, to a multiple of 512 at most. */
const mostSpareRows = 512;

/** Why a vocabulary does not fit the tables that its tokens are looked up in, or hardly seems to. */
export function tokenizerProblem(
  vocabulary: string,
  { vocabSize, leastLength }: Tokenizer,
  tables: readonly Pick<TokenInput, "name" | "length" | "vocabulary">[],
): { readonly problem: Problem | null; readonly warning: string | null } {
  const rows = Math.min(...tables.map((table) => table.vocabulary));
  const [size, needed] = [printCount(vocabSize), printCount(rows)];
  if (vocabSize > rows) {
    return wrong(
      `${vocabulary} has ${size} tokens, but the model's table has ${needed} rows`,
      "use the vocabulary that the text encoder was trained with, or a larger `vocab` in the spec",
    );
  }
  const short = tables.find(({ length }) => length < leastLength);
  if (short !== undefined) {
    return wrong(
      `\`${short.name}\` takes ${short.length} tokens, but ${vocabulary} puts ${leastLength - 1} around each text`,
      `declare it with ${leastLength} tokens or more`,
    );
  }
  if (rows - vocabSize < mostSpareRows) return { problem: null, warning: null };
  const warning =
    `${vocabulary} has ${size} tokens, and the model's table has ${needed} rows, more than rounding up explains: ` +
    "is it the vocabulary that the text encoder was trained with?";
  return { problem: null, warning };
}

function wrong(message: string, help: string): { readonly problem: Problem; readonly warning: null } {
  return { problem: { subject: "", message, help }, warning: null };
}
