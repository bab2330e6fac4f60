import { type PromptSides, promptTexts, type ZeroShotTask } from "../../compiler/index.ts";
import { at } from "../at.ts";

/** Prompts as a text encoder has them, by their texts, and what multiplies their cosines. */
export interface EncodedTexts {
  readonly latents: ReadonlyMap<string, Float32Array>;
  readonly scale: number;
}

/** The latents of what is said of a class. */
interface ClassPrompts {
  readonly present: readonly Float32Array[];
  readonly absent: readonly Float32Array[];
}

/**
 * The score of every class for some volumes: the share of what is said of a present class in the softmax over both sides, as CT-CLIP's
 * zero-shot has it, [volumes][classes]. Of several prompts a side, `latent` compares with one vector for each side, the mean of its
 * unit latents made a unit vector again, as open_clip's `build_zero_shot_classifier` does. `score` takes each pair of a present and an
 * absent prompt for a zero-shot classifier of its own, and the mean of their probabilities.
 */
export function scoreClasses(
  images: readonly Float32Array[],
  classes: readonly string[],
  { prompts, average }: Pick<ZeroShotTask, "prompts" | "average">,
  { latents, scale }: EncodedTexts,
): readonly (readonly number[])[] {
  const compared = classes.map((name) => {
    const said = latentsOf(name, prompts, latents);
    return average === "score"
      ? said
      : { present: [meanDirection(said.present)], absent: [meanDirection(said.absent)] };
  });
  return images.map((image) => compared.map((said) => scoreOf(image, said, scale)));
}

function latentsOf(name: string, prompts: PromptSides, latents: EncodedTexts["latents"]): ClassPrompts {
  const encoded = promptTexts({ classes: [name], prompts }).map((text) => {
    const latent = latents.get(text);
    if (latent === undefined) throw new Error(`invariant: ${JSON.stringify(text)} was encoded`);
    return latent;
  });
  const { length } = prompts.present;
  return { present: encoded.slice(0, length), absent: encoded.slice(length) };
}

/** The mean of unit vectors, made a unit vector again; one alone as the model gives it. */
function meanDirection(latents: readonly Float32Array[]): Float32Array {
  const [first] = latents;
  if (first === undefined) throw new Error("invariant: a side has a prompt");
  if (latents.length === 1) return first;
  const sum = new Float64Array(first.length);
  for (const latent of latents) {
    const length = Math.hypot(...latent);
    for (const [place, value] of latent.entries()) sum[place] = at(sum, place) + value / length;
  }
  const length = Math.hypot(...sum);
  return Float32Array.from(sum, (value) => value / length);
}

function scoreOf(image: Float32Array, { present, absent }: ClassPrompts, scale: number): number {
  const [ofPresent, ofAbsent] = [present, absent].map((side) => side.map((latent) => product(image, latent)));
  if (ofPresent === undefined || ofAbsent === undefined) throw new Error("invariant: there are two sides");
  let sum = 0;
  for (const one of ofPresent) for (const other of ofAbsent) sum += 1 / (1 + Math.exp(-scale * (one - other)));
  return sum / (ofPresent.length * ofAbsent.length);
}

function product(image: Float32Array, text: Float32Array): number {
  let sum = 0;
  for (const [place, value] of text.entries()) sum += at(image, place) * value;
  return sum;
}
