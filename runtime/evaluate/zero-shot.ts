import { setImmediate as letOthersRun } from "node:timers/promises";
import { promptTexts } from "../../compiler/index.ts";
import { at } from "../at.ts";
import type { Batch, Engine } from "../backends/index.ts";
import type { Prompts } from "./prompts.ts";

/** The latents of all prompts, of which each class has two in turn, and what multiplies their cosines. */
export interface EncodedPrompts {
  readonly latents: Float32Array;
  readonly width: number;
  readonly scale: number;
}

/**
 * Encodes the prompts of all classes, once for any number of volumes. `rows` is how many texts the program takes;
 * `inputsOf` gives the inputs of so many texts. Null when it was asked to stop.
 */
export async function encodePrompts(
  engine: Pick<Engine, "run">,
  prompts: Prompts,
  rows: number,
  inputsOf: (texts: readonly string[]) => Batch,
  isStopped: () => boolean,
): Promise<EncodedPrompts | null> {
  const texts = promptTexts(prompts);
  const parts: Float32Array[] = [];
  let scale = 1;
  for (let from = 0; from < texts.length; from += rows) {
    const some = texts.slice(from, from + rows);
    const outputs = await engine.run("encode_text", inputsOf(filled(some, rows, "")));
    const latents = outputs.get("latent");
    if (latents === undefined) throw new Error("invariant: an encoder of texts gives latents");
    parts.push(latents.slice(0, (latents.length / rows) * some.length));
    // A model without one compares the cosines themselves.
    scale = outputs.get("scale")?.[0] ?? 1;
    await letOthersRun();
    if (isStopped()) return null;
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const latents = new Float32Array(length);
  let filledTo = 0;
  for (const part of parts) {
    latents.set(part, filledTo);
    filledTo += part.length;
  }
  return { latents, width: texts.length === 0 ? 0 : length / texts.length, scale };
}

/**
 * The score of every class for some volumes: the share of the first prompt in the softmax over both, as CT-CLIP's zero-shot
 * has it. `images` are the latents of the volumes.
 */
export function scoreClasses(
  images: readonly Float32Array[],
  { latents, width, scale }: EncodedPrompts,
): readonly number[][] {
  const classes = width === 0 ? 0 : latents.length / width / 2;
  const cosine = (image: Float32Array, text: number): number => {
    let sum = 0;
    for (let place = 0; place < width; place++) sum += at(image, place) * at(latents, text * width + place);
    return sum;
  };
  return images.map((image) =>
    Array.from({ length: classes }, (_, index) => {
      const difference = cosine(image, 2 * index) - cosine(image, 2 * index + 1);
      return 1 / (1 + Math.exp(-scale * difference));
    }),
  );
}

/** Some values, made as many as a program takes. */
function filled<Value>(values: readonly Value[], count: number, value: Value): readonly Value[] {
  return [...values, ...Array.from({ length: count - values.length }, () => value)];
}
