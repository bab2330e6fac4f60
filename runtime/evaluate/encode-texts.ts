import { setImmediate as letOthersRun } from "node:timers/promises";
import { at } from "../at.ts";
import type { Batch, Engine } from "../backends/index.ts";
import type { EncodedTexts } from "./zero-shot.ts";

/** What encodes texts: all that a model takes, or those of few tokens. */
export type TextProgram = "encode_text" | "encode_short_text";

/** What is encoded, and with what. */
export interface TextEncoding {
  readonly program: TextProgram;
  readonly texts: readonly string[];
  /** How many texts the program takes. */
  readonly rows: number;
  /** The inputs of so many texts. */
  readonly inputsOf: (texts: readonly string[]) => Batch;
  readonly isStopped: () => boolean;
}

/** Encodes texts, such as prompts, once for any number of volumes and tasks. Null when it was asked to stop. */
export async function encodeTexts(
  engine: Pick<Engine, "run">,
  { program, texts, rows, inputsOf, isStopped }: TextEncoding,
): Promise<EncodedTexts | null> {
  const latents = new Map<string, Float32Array>();
  let scale = 1;
  for (let from = 0; from < texts.length; from += rows) {
    const some = texts.slice(from, from + rows);
    const filled = [...some, ...Array.from({ length: rows - some.length }, () => "")];
    const outputs = await engine.run(program, inputsOf(filled));
    const found = outputs.get("latent");
    if (found === undefined) throw new Error("invariant: an encoder of texts gives latents");
    const width = found.length / rows;
    for (const row of some.keys()) latents.set(at(some, row), found.slice(row * width, (row + 1) * width));
    // A model without one compares the cosines themselves.
    scale = outputs.get("scale")?.[0] ?? 1;
    await letOthersRun();
    if (isStopped()) return null;
  }
  return { latents, scale };
}
