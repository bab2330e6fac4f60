import { addTokens } from "./added-json.ts";
import { frameIn } from "./frame-json.ts";
import { type Fields, fieldsOf, flag, only, Refusal, shown } from "./json-fields.ts";
import { normaliserIn } from "./normalizers-json.ts";
import type { Pipeline } from "./pipeline.ts";
import { space } from "./split-patterns.ts";
import { unigramEncoder } from "./unigram.ts";
import { mostTokens } from "./vocabulary.ts";

const help =
  "of unigrams, those of SentencePiece are supported as T5 has them: Metaspace, alone or after WhitespaceSplit";

/** A tokenizer.json of unigrams. Everything that it may ask for is in a closed list. */
export function unigramIn(file: Fields, model: Fields): Pipeline {
  only(model, "model", { byte_fallback: [null, false] }, help);
  const pieces = piecesOf(model.get("vocab"));
  const unknown = model.get("unk_id");
  if (typeof unknown !== "number" || pieces[unknown] === undefined) {
    throw new Refusal(`its \`model.unk_id\` is ${shown(unknown)}, which is not the number of a token`);
  }
  const tokens = pieces.map(({ text }) => text);
  const added = addTokens(file, tokens);
  const numbers = new Map(tokens.map((token, index) => [token, index]));
  return {
    kind: "unigram",
    numbers,
    added,
    normalise: normaliserIn(file.get("normalizer")),
    split: splitterOf(file.get("pre_tokenizer") ?? null),
    encodeWord: unigramEncoder({ pieces, isUsed: () => true, unknown, round: (score) => score }),
    frame: frameIn(file, numbers),
  };
}

/** `[["<unk>", 0], ["▁the", -3.2]]` */
function piecesOf(vocab: unknown): readonly { readonly text: string; readonly score: number }[] {
  if (!Array.isArray(vocab)) throw new Refusal("its `model.vocab` is not a list");
  if (vocab.length > mostTokens) throw new Refusal(`it has more than ${mostTokens} tokens`);
  const places = new Map<string, number>();
  return vocab.map((entry: unknown, index) => {
    const parts: readonly unknown[] = Array.isArray(entry) ? entry : [];
    const [text, score] = parts;
    if (typeof text !== "string" || text === "" || typeof score !== "number" || !Number.isFinite(score)) {
      throw new Refusal(`its \`model.vocab[${index}]\` is not a token with its score`);
    }
    const first = places.get(text);
    if (first !== undefined) throw new Refusal(`its \`model.vocab[${index}]\` is that of ${first} again`);
    places.set(text, index);
    return { text, score };
  });
}

const words = new RegExp(`[^${space}]+`, "gu");

function splitterOf(part: unknown): Pipeline["split"] {
  const fields = fieldsOf(part, "`pre_tokenizer`");
  const steps = fields.get("type") === "Sequence" ? fields.get("pretokenizers") : [part];
  const parts = (Array.isArray(steps) ? steps : []).map((step: unknown) => fieldsOf(step, "a step of `pre_tokenizer`"));
  const types = parts.map((each) => each.get("type"));
  const last = parts.at(-1);
  const isByWords = types.length === 2 && types[0] === "WhitespaceSplit";
  if (last?.get("type") !== "Metaspace" || types.length !== (isByWords ? 2 : 1)) {
    throw new Refusal(
      `its \`pre_tokenizer\` is ${types.map(shown).join(", ")}, which is not supported for unigrams`,
      help,
    );
  }
  const spaced = metaspaceOf(last);
  if (!isByWords) return spaced;
  // Blanks are cut off: only the first word of a text that starts without one is its beginning.
  return (text, isFirst) =>
    [...text.matchAll(words)].flatMap(({ 0: word, index }) => [...spaced(word, isFirst && index === 0)]);
}

/** Blanks become a letter of their own, which one more stands for at the start, and which words are split before. */
function metaspaceOf(fields: Fields): Pipeline["split"] {
  const space = fields.get("replacement") ?? "▁";
  if (typeof space !== "string" || [...space].length !== 1) {
    throw new Refusal(`its \`pre_tokenizer.replacement\` is ${shown(space)}, which is not a character`);
  }
  const old = flag(fields, "pre_tokenizer", "add_prefix_space", true) ? "always" : "never";
  const scheme = fields.get("prepend_scheme") ?? old;
  only(new Map([["prepend_scheme", scheme]]), "pre_tokenizer", { prepend_scheme: ["always", "first", "never"] }, help);
  const splits = flag(fields, "pre_tokenizer", "split", true);
  return (text, isFirst) => {
    const written = text.replaceAll(" ", space);
    const isPrepended = !written.startsWith(space) && (scheme === "always" || (scheme === "first" && isFirst));
    const whole = isPrepended ? space + written : written;
    if (!splits) return [whole];
    const parts = whole.split(space);
    const [before = "", ...others] = parts;
    return [...(before === "" ? [] : [before]), ...others.map((part) => space + part)];
  };
}
