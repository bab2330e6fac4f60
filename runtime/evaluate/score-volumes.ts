import { setImmediate as letOthersRun } from "node:timers/promises";
import { type EvalSettings, promptTexts } from "../../compiler/index.ts";
import { at } from "../at.ts";
import type { Engine } from "../backends/index.ts";
import {
  type DataInputs,
  examplesAhead,
  fileInputs,
  fileValues,
  type LabelledExample,
  loadExactly,
  promptValues,
  type Tokenizer,
  textValues,
  type VolumeLoader,
} from "../data/index.ts";
import type { Problem } from "../text/index.ts";
import { encodePrompts, scoreClasses } from "./zero-shot.ts";

export interface ScoreOptions {
  readonly engine: Engine;
  readonly settings: EvalSettings;
  /** What the encoders read. Where that is prompts, all of them are encoded at once. */
  readonly inputs: DataInputs;
  /** Null for a model that takes no text, which has no prompts. */
  readonly tokenizer: Tokenizer | null;
  readonly loader: VolumeLoader;
  /** How many volumes, and how many texts, the encoders take at once. */
  readonly rows: number;
  readonly skipBad: boolean;
  /** Hears how many volumes are done. */
  readonly tell: (done: number) => void;
  readonly isStopped: () => boolean;
}

/** The scores of some volumes, in the order of classes. */
export type ScoredVolumes =
  | {
      readonly kind: "scored";
      readonly examples: readonly LabelledExample[];
      readonly scores: readonly (readonly number[])[];
      readonly skipped: readonly Problem[];
    }
  | { readonly kind: "wrong"; readonly problem: Problem }
  | { readonly kind: "stopped" };

/** Zero-shot scores of the spec's classes: prompts are encoded once, then volume after volume. */
export async function scoreVolumes(
  examples: readonly LabelledExample[],
  options: ScoreOptions,
): Promise<ScoredVolumes> {
  const { engine, settings, inputs, tokenizer, loader, rows } = options;
  const areFixed = inputs.inputs.some(({ kind }) => kind === "prompts");
  const inputsOf = (texts: readonly string[]) =>
    areFixed ? promptValues(inputs, tokenizer) : textValues(texts, inputs, tokenizer);
  const files = fileInputs(inputs);
  const texts = areFixed ? promptTexts(settings).length : rows;
  const prompts = await encodePrompts(engine, settings, texts, inputsOf, options.isStopped);
  if (prompts === null) return { kind: "stopped" };
  const scored: LabelledExample[] = [];
  const scores: (readonly number[])[] = [];
  const skipped: Problem[] = [];
  let waiting: { readonly example: LabelledExample; readonly files: readonly Float32Array[] }[] = [];
  const score = async (): Promise<void> => {
    const [first] = waiting;
    if (first === undefined) return;
    // The program takes so many rows; of the last ones, what is computed for the others is not looked at.
    const filled = [...waiting, ...Array.from({ length: rows - waiting.length }, () => first)];
    const latents = (await engine.run("encode_image", fileValues(filled, inputs))).get("latent");
    if (latents === undefined) throw new Error("invariant: an encoder of volumes gives latents");
    const found = scoreClasses(latents, prompts);
    for (const [row, { example }] of waiting.entries()) {
      scored.push(example);
      scores.push(at(found, row));
    }
    waiting = [];
    options.tell(scored.length);
  };
  for (const [place, example] of examples.entries()) {
    const next = examples.slice(place + 1, place + 1 + examplesAhead);
    const result = await loadExactly(loader, example, next, files);
    if (options.isStopped()) return { kind: "stopped" };
    if (result.kind !== "ok") {
      if (result.kind === "unread" || !options.skipBad) return { kind: "wrong", problem: result.problem };
      skipped.push(result.problem);
      continue;
    }
    waiting.push({ example, files: result.value });
    if (waiting.length < rows) continue;
    await score();
    await letOthersRun();
    if (options.isStopped()) return { kind: "stopped" };
  }
  await score();
  return { kind: "scored", examples: scored, scores, skipped };
}
