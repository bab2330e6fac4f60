import type {
  DataProblem,
  Example,
  LoadedVolume,
  Tokenizer,
  VolumeLoader,
  VolumeRequest,
  VolumeResult,
} from "../data/index.ts";
import type { Batch } from "../engine/index.ts";
import type { DataInputs } from "./data-inputs.ts";
import type { ExampleOrder } from "./order.ts";

/** The inputs of one step, and what had to be left out of it; or the file that keeps it from being made. */
export type MadeBatch =
  | { readonly kind: "batch"; readonly inputs: Batch; readonly epoch: number; readonly skipped: readonly DataProblem[] }
  | { readonly kind: "wrong"; readonly problem: DataProblem };

export interface BatchOptions {
  readonly examples: readonly Example[];
  readonly order: ExampleOrder;
  readonly loader: VolumeLoader;
  readonly tokenizer: Tokenizer;
  readonly inputs: DataInputs;
  /** Whether another example takes the place of one whose volume cannot be read. */
  readonly skipBad: boolean;
}

/** Steps whose volumes are read while an earlier one is computed. */
const stepsAhead = 2;

/** The batches of a training, any of which can be asked for by its step. */
export class Batches {
  private readonly options: BatchOptions;
  private readonly bad = new Map<string, DataProblem>();

  constructor(options: BatchOptions) {
    this.options = options;
  }

  /** The batch of a step, counted from 0, while what comes next is read ahead; `steps` is where the training ends. */
  async at(step: number, steps: number): Promise<MadeBatch> {
    const { order, loader } = this.options;
    const { epoch, examples } = order.batchAt(step);
    const loading = [...examples].map((index) => loadExample(loader, this.example(index)));
    const next = [];
    for (let ahead = step + 1; ahead <= Math.min(step + stepsAhead, steps - 1); ahead++) {
      next.push(...order.batchAt(ahead).examples);
    }
    loader.prefetch(next.map((index) => requestOf(this.example(index))));
    const taken: { readonly example: Example; readonly volume: LoadedVolume }[] = [];
    const skipped: DataProblem[] = [];
    const used = new Set(examples);
    for (const [place, index] of examples.entries()) {
      const example = this.example(index);
      const result = await loading[place];
      if (result?.kind === "volume") {
        taken.push({ example, volume: result });
        continue;
      }
      if (result === undefined) throw new Error("all examples of the batch are loaded");
      if (result.kind === "failed" || !this.options.skipBad) return { kind: "wrong", problem: result.problem };
      if (!this.bad.has(example.name)) {
        this.bad.set(example.name, result.problem);
        skipped.push(result.problem);
      }
      const other = await this.substitute(index, used, skipped);
      if (other.kind === "wrong") return other;
      taken.push(other);
    }
    return { kind: "batch", inputs: this.inputsOf(taken), epoch, skipped };
  }

  /** The next example, in the order of names, that is not in the batch and can be read: the same in every run. */
  private async substitute(
    index: number,
    used: Set<number>,
    skipped: DataProblem[],
  ): Promise<
    | { readonly kind: "taken"; readonly example: Example; readonly volume: LoadedVolume }
    | { readonly kind: "wrong"; readonly problem: DataProblem }
  > {
    const { examples, loader } = this.options;
    for (let offset = 1; offset < examples.length; offset++) {
      const other = (index + offset) % examples.length;
      const example = this.example(other);
      if (used.has(other) || this.bad.has(example.name)) continue;
      used.add(other);
      const result = await loadExample(loader, example);
      if (result.kind === "volume") return { kind: "taken", example, volume: result };
      if (result.kind === "failed") return { kind: "wrong", problem: result.problem };
      this.bad.set(example.name, result.problem);
      skipped.push(result.problem);
    }
    const rule = "too few volumes of the data set can be read to fill a batch";
    return { kind: "wrong", problem: { file: this.example(index).file, rule, help: "see `medctc data check`" } };
  }

  private inputsOf(taken: readonly { readonly example: Example; readonly volume: LoadedVolume }[]): Batch {
    const { inputs, tokenizer } = this.options;
    const voxels = taken[0]?.volume.voxels.length ?? 0;
    const volumes = new Float32Array(taken.length * voxels);
    for (const [row, { volume }] of taken.entries()) volumes.set(volume.voxels, row * voxels);
    const reports = taken.map(({ example }) => example.report ?? "");
    return new Map([[inputs.volume, volumes], ...tokenInputs(reports, tokenizer, inputs)]);
  }

  private example(index: number): Example {
    const example = this.options.examples[index];
    if (example === undefined) throw new Error("the order is one of the examples");
    return example;
  }
}

/** Texts as the inputs that take tokens. */
export function tokenInputs(texts: readonly string[], tokenizer: Tokenizer, inputs: DataInputs): Batch {
  const { ids, mask, length } = inputs;
  const numbers = new Int32Array(texts.length * length);
  const masks = new Int32Array(texts.length * length);
  for (const [row, text] of texts.entries()) {
    const tokens = tokenizer.encode(text, length);
    numbers.set(tokens.ids, row * length);
    masks.set(tokens.mask, row * length);
  }
  return new Map(
    mask === null
      ? [[ids, numbers]]
      : [
          [ids, numbers],
          [mask, masks],
        ],
  );
}

/**
 * The volume of an example, or what is wrong with its file. `failed` says that it was not read for want of memory or the
 * like: nothing is known of the file then, so it cannot be skipped either.
 */
export async function loadExample(
  loader: VolumeLoader,
  example: Example,
): Promise<VolumeResult | { readonly kind: "failed"; readonly problem: DataProblem }> {
  const { file } = example;
  try {
    return await loader.load(requestOf(example));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const rule = message.startsWith(`${file}: `) ? message.slice(file.length + 2) : message;
    const help = "with fewer --workers less memory is needed at a time";
    return { kind: "failed", problem: { file, rule: `it could not be loaded: ${rule}`, help } };
  }
}

export function requestOf({ file, metadata }: Example): VolumeRequest {
  return { path: file, metadata };
}
