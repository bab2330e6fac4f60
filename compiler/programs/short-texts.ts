import type { Program } from "../ir/index.ts";
import { buildProgram, type TracedSpec } from "./build.ts";

/** Texts of few tokens, such as prompts, without the padding of a model's longest. */
export interface ShortTexts {
  /** `encode_short_text`, which is `encode_text` for these. */
  readonly program: Program;
  /** How many texts the program takes. */
  readonly rows: number;
}

/**
 * `encode_text` for so many texts of at most so many tokens. Whether padding counts, as where a model takes
 * the mean of all tokens, is for who runs both to find out. Null where nothing says how many tokens the text encoder reads, or its
 * parameters follow from that.
 */
export function buildShortTexts(spec: TracedSpec, tokens: number, rows: number): ShortTexts | null {
  const short = spec.atRows(rows).spec?.ofShortTexts(tokens) ?? null;
  const program = short === null ? null : buildProgram(short, "encode_text");
  if (short === null || program === null || typesOf(short) !== typesOf(spec)) return null;
  return { program: { ...program, name: "encode_short_text" }, rows };
}

function typesOf({ parameters }: TracedSpec): string {
  return JSON.stringify(parameters.map(({ path, type }) => [path, type]));
}
