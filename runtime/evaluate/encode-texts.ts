import { setImmediate as letOthersRun } from "node:timers/promises";
import { at } from "../at.ts";
import type { Batch, Engine } from "../backends/index.ts";
import type { EncodedTexts } from "./zero-shot.ts";

/**
 * Encodes texts, such as prompts, once for any number of volumes and tasks. `rows` is how many the program takes; `inputsOf` gives the
 * inputs of so many. Null when it was asked to stop.
 */
export async function encodeTexts(
  engine: Pick<Engine, "run">,
  texts: readonly string[],
  rows: number,
  inputsOf: (texts: readonly string[]) => Batch,
  isStopped: () => boolean,
): Promise<EncodedTexts | null> {
  const latents = new Map<string, Float32Array>();
  let scale = 1;
  for (let from = 0; from < texts.length; from += rows) {
    const some = texts.slice(from, from + rows);
    const filled = [...some, ...Array.from({ length: rows - some.length }, () => "")];
    const outputs = await engine.run("encode_text", inputsOf(filled));
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
