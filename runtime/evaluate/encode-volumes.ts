import { setImmediate as letOthersRun } from "node:timers/promises";
import type { Engine } from "../backends/index.ts";
import {
  type DataInputs,
  type Example,
  type ExampleLoader,
  examplesAhead,
  exampleValues,
  fileInputs,
  fileValues,
  type LoadedRow,
  loadExactly,
  type Tokenizer,
} from "../data/index.ts";
import type { Problem } from "../text/index.ts";

/** What is encoded, with what. */
export interface EncodeOptions {
  readonly engine: Pick<Engine, "run">;
  /** What the encoders read. */
  readonly inputs: DataInputs;
  /** Null for a model that takes no text. */
  readonly tokenizer: Tokenizer | null;
  readonly loader: ExampleLoader;
  /** How many volumes, and how many texts, the encoders take at once. */
  readonly rows: number;
  /** Whether the reports of the volumes are encoded too. */
  readonly withReports: boolean;
  readonly skipBad: boolean;
  /** Hears how many volumes are done. */
  readonly tell: (done: number) => void;
  readonly isStopped: () => boolean;
}

/** What a model makes of volumes, one after the other, and of their reports; unit vectors where the model gives these. */
export interface EncodedExamples<Item extends Example = Example> {
  readonly examples: readonly Item[];
  /** By the names of the outputs of `encode_image`, for each volume a vector. */
  readonly images: ReadonlyMap<string, readonly Float32Array[]>;
  /** The latents of the reports; null where they are not encoded. */
  readonly reports: readonly Float32Array[] | null;
}

export type Encoding<Item extends Example = Example> =
  | { readonly kind: "encoded"; readonly encoded: EncodedExamples<Item>; readonly skipped: readonly Problem[] }
  | { readonly kind: "wrong"; readonly problem: Problem }
  | { readonly kind: "stopped" };

/** Encodes volume after volume, each once, and its report with it. */
export async function encodeVolumes<Item extends Example>(
  examples: readonly Item[],
  options: EncodeOptions,
): Promise<Encoding<Item>> {
  const { engine, inputs, tokenizer, loader, rows, withReports } = options;
  const files = fileInputs(inputs);
  const encoded: Item[] = [];
  const images = new Map<string, Float32Array[]>();
  const reports: Float32Array[] = [];
  const skipped: Problem[] = [];
  let waiting: (LoadedRow & { readonly example: Item })[] = [];
  const encode = async (): Promise<void> => {
    const [first] = waiting;
    if (first === undefined) return;
    const { length } = waiting;
    // The programs take so many rows; of the last ones, what is computed for the others is not looked at.
    const filled = [...waiting, ...Array.from({ length: rows - length }, () => first)];
    for (const [name, values] of await engine.run("encode_image", fileValues(filled, inputs))) {
      const known = images.get(name) ?? [];
      known.push(...rowsOf(values, rows, length));
      images.set(name, known);
    }
    loader.takeBack(waiting.flatMap(({ files }) => files));
    if (withReports) {
      const of = filled.map(({ example }) => example);
      const latents = (await engine.run("encode_text", exampleValues(of, inputs, tokenizer))).get("latent");
      if (latents === undefined) throw new Error("invariant: an encoder of texts gives latents");
      reports.push(...rowsOf(latents, rows, length));
    }
    encoded.push(...waiting.map(({ example }) => example));
    waiting = [];
    options.tell(encoded.length);
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
    await encode();
    await letOthersRun();
    if (options.isStopped()) return { kind: "stopped" };
  }
  await encode();
  return { kind: "encoded", encoded: { examples: encoded, images, reports: withReports ? reports : null }, skipped };
}

/** The first of the rows of some values. */
function rowsOf(values: Float32Array, rows: number, count: number): readonly Float32Array[] {
  const width = values.length / rows;
  return Array.from({ length: count }, (_, row) => values.slice(row * width, (row + 1) * width));
}
