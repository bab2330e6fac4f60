import type { Program } from "../ir/index.ts";
import { buildProgram, type TracedSpec } from "./build.ts";

/** Texts of few tokens, such as prompts, without the padding of a model's longest. */
export interface ShortTexts {
  /** The model that takes them. */
  readonly spec: TracedSpec;
  /** `encode_short_text`, which is `encode_text` for these. */
  readonly program: Program;
}

/**
 * `encode_text` for texts of at most so many tokens, and rows as a micro-batch has them. Whether padding counts, as where a model takes
 * the mean of all tokens, is for who runs both to find out. Null where nothing says how many tokens the text encoder reads, or its
 * parameters follow from that.
 */
export function buildShortTexts(spec: TracedSpec, tokens: number): ShortTexts | null {
  const rows = spec.inMicroBatches === null ? spec : spec.inMicroBatches().spec;
  const short = rows?.ofShortTexts(tokens) ?? null;
  const program = short === null ? null : buildProgram(short, "encode_text");
  if (short === null || program === null || typesOf(short) !== typesOf(spec)) return null;
  return { spec: short, program: { ...program, name: "encode_short_text" } };
}

function typesOf({ parameters }: TracedSpec): string {
  return JSON.stringify(parameters.map(({ path, type }) => [path, type]));
}
