import { volumeShape } from "../../compiler/channel-windows.ts";
import {
  buildForward,
  defaultImage,
  type ImageSettings,
  type Input,
  type InputSource,
  inputsOf,
  plainTokens,
  printType,
  type TokenSettings,
  type TracedSpec,
  type VolumeSettings,
} from "../../compiler/index.ts";
import { at } from "../at.ts";
import { failed, ok, type Problem, type Result } from "../text/index.ts";
import type { DatasetNeeds } from "./dataset-needs.ts";

/** An input of a model, and what of an example it takes. `file` and `text` count what the model needs of each example. */
export type BoundInput =
  /** f32[batch, windows, slices, height, width] */
  | {
      readonly kind: "volume";
      readonly name: string;
      readonly file: number;
      readonly shape: readonly number[];
      readonly settings: VolumeSettings;
    }
  /** f32 or i32[batch, labels, slices, height, width]: labels on the grid of the volume in the file `volume`. */
  | {
      readonly kind: "segmentation";
      readonly name: string;
      readonly file: number;
      readonly shape: readonly number[];
      readonly dtype: "f32" | "i32";
      /** Another input. */
      readonly of: string;
      readonly volume: number;
      /** Those of that volume. */
      readonly settings: VolumeSettings;
      readonly labels: readonly number[] | null;
    }
  /** f32[batch, 3, height, width] */
  | {
      readonly kind: "image";
      readonly name: string;
      readonly file: number;
      readonly shape: readonly number[];
      readonly settings: ImageSettings;
    }
  /** i32[batch, length]: numbers of tokens, of which there are as many as rows in the table that they are looked up in. */
  | {
      readonly kind: "tokens";
      readonly name: string;
      readonly text: number;
      readonly length: number;
      readonly vocabulary: number;
      readonly settings: TokenSettings;
    }
  /** i32[prompts, length]: the tokens of some texts, the same for all rows. */
  | {
      readonly kind: "prompts";
      readonly name: string;
      readonly texts: readonly string[];
      readonly length: number;
      readonly vocabulary: number;
      readonly settings: TokenSettings;
    }
  /** Of the shape of another input's tokens: 1 for a token, 0 for padding. */
  | { readonly kind: "mask"; readonly name: string; readonly of: string }
  /** f32[batch, columns] */
  | { readonly kind: "table"; readonly name: string; readonly columns: readonly string[] }
  | { readonly kind: "known"; readonly name: string; readonly columns: readonly string[] }
  /** f32[columns], the same for all rows. */
  | { readonly kind: "balance"; readonly name: string; readonly columns: readonly string[] };

/** One that takes what a file holds. */
export type FileInput = Extract<BoundInput, { readonly file: number }>;

export type VolumeInput = Extract<BoundInput, { readonly kind: "volume" }>;

export type TokenInput = Extract<BoundInput, { readonly kind: "tokens" }>;

export type PromptInput = Extract<BoundInput, { readonly kind: "prompts" }>;

/** What a model takes of a data set. */
export interface DataInputs {
  readonly inputs: readonly BoundInput[];
  readonly needs: Pick<DatasetNeeds, "files" | "texts"> & { readonly labels: readonly string[] | null };
}

/** Finds what a model takes of a data set. The problem is what keeps it from being trained on one. */
export function findDataInputs(spec: TracedSpec): Result<DataInputs> {
  const found = bindInputs(spec);
  if (found.kind === "failed") return found;
  for (const input of found.value.inputs) {
    const wrong = input.kind === "volume" ? sizeProblem(input) : null;
    if (wrong !== null) return failed(wrong);
  }
  return found;
}

/**
 * Finds what each input of a model takes: what its declaration says, and otherwise what its type and its use do, floats in a
 * volume's five axes, whole numbers that are looked up in a table, and whole numbers that are not. Names say nothing. Whether volumes are
 * made as large as they are taken is left open.
 */
export function bindInputs(spec: TracedSpec): Result<DataInputs> {
  const files: (string | null)[] = [];
  const texts: (readonly string[] | null)[] = [];
  const bound: BoundInput[] = [];
  const found = inputsOf(buildForward(spec, [])).filter(({ values }) => values.kind !== "step");
  // What is not declared depends on what is, and a mask on the tokens that it is of.
  const rankOf = ({ name, values }: Input): number => (spec.sources.has(name) ? 0 : values.kind === "below" ? 1 : 2);
  for (const input of found.toSorted((a, b) => rankOf(a) - rankOf(b))) {
    const source = spec.sources.get(input.name) ?? sourceByType(input, bound, spec);
    const made = source === null ? unfit(`nothing in a data set fits the input ${shown(input)}`) : bind(input, source);
    if (made.kind === "failed") return made;
    bound.push(made.value);
  }
  if (files.length === 0) return unfit("the model has no input for a volume or an image");
  const columns = new Set(bound.flatMap((input) => ("columns" in input ? input.columns : [])));
  return ok({ inputs: bound, needs: { files, texts, labels: columns.size === 0 ? null : [...columns] } });

  function bind(input: Input, source: InputSource): Result<BoundInput> {
    const { name, type, values } = input;
    switch (source.kind) {
      case "volume":
        return ok({
          kind: "volume",
          name,
          file: placeOf(source.column, files),
          shape: type.shape.slice(1),
          settings: source.settings,
        });
      case "segmentation": {
        const of = spec.sources.get(source.of);
        if (of?.kind !== "volume") throw new Error("invariant: a segmentation is of an input from a volume");
        return ok({
          kind: "segmentation",
          name,
          file: placeOf(source.column, files),
          shape: type.shape.slice(1),
          dtype: type.dtype === "i32" ? "i32" : "f32",
          of: source.of,
          volume: placeOf(of.column, files),
          settings: of.settings,
          labels: source.labels,
        });
      }
      case "image":
        return ok({
          kind: "image",
          name,
          file: placeOf(source.column, files),
          shape: type.shape.slice(1),
          settings: { ...source.settings, size: [at(type.shape, 2), at(type.shape, 3)] },
        });
      case "tokens": {
        if (values.kind !== "below") return notLookedUp(name);
        const text = placeOf(source.columns, texts);
        const { settings } = source;
        return ok({ kind: "tokens", name, text, length: at(type.shape, 1), vocabulary: values.limit, settings });
      }
      case "prompts": {
        if (values.kind !== "below") return notLookedUp(name);
        const { texts, settings } = source;
        return ok({ kind: "prompts", name, texts, length: at(type.shape, 1), vocabulary: values.limit, settings });
      }
      case "mask":
        return ok({ kind: "mask", name, of: source.of });
      case "table":
        return ok({ kind: "table", name, columns: source.columns });
      case "known":
      case "balance":
        return ok({ kind: source.kind, name, columns: columnsOf(source.of) });
    }
  }

  function columnsOf(name: string): readonly string[] {
    const source = spec.sources.get(name);
    if (source?.kind !== "table") throw new Error("invariant: what is known of labels names an input from a table");
    return source.columns;
  }
}

/** What an input takes that is not declared; null where its type fits nothing, or something else is there for it already. */
function sourceByType({ type, values }: Input, bound: readonly BoundInput[], { data }: TracedSpec): InputSource | null {
  const { dtype, shape } = type;
  const isFirst = (kind: BoundInput["kind"]): boolean => bound.every((other) => other.kind !== kind);
  if (dtype === "f32" && shape.length === 5 && isFirst("volume")) {
    return { kind: "volume", column: null, settings: volumeOf(data) };
  }
  if (dtype === "f32" && shape.length === 4 && shape[1] === 3 && isFirst("image")) {
    return { kind: "image", column: null, settings: defaultImage };
  }
  if (dtype !== "i32" || shape.length !== 2) return null;
  if (values.kind === "below") {
    return isFirst("tokens") ? { kind: "tokens", columns: null, settings: plainTokens } : null;
  }
  const tokens = bound.find(({ kind }) => kind === "tokens");
  return tokens !== undefined && isFirst("mask") ? { kind: "mask", of: tokens.name } : null;
}

/** The place of what is needed of each example, which is added where it is new. */
function placeOf<Needed>(needed: Needed, all: Needed[]): number {
  const key = JSON.stringify(needed);
  const place = all.findIndex((other) => JSON.stringify(other) === key);
  return place < 0 ? all.push(needed) - 1 : place;
}

/** What a `data` block says of volumes, and nothing else of it. */
function volumeOf(data: VolumeSettings): VolumeSettings {
  const { units, orientation, assumeOrientation, assumeSpacing, axes, crop, resize, spacing, grid, size } = data;
  const { window, otherWindows, clip, range, pad, storage } = data;
  const place = { orientation, assumeOrientation, assumeSpacing, axes, crop, resize, spacing, grid, size };
  return { units, ...place, window, otherWindows, clip, range, pad, storage };
}

/** What takes an example's first file where no model says what does: volumes as a `data` block has them. */
export function plainVolume(settings: VolumeSettings): VolumeInput {
  return { kind: "volume", name: "", file: 0, shape: volumeShape(settings), settings };
}

/** Whether an input's volumes are what a `data` block makes, however they are kept. */
export function hasSettingsOf({ settings }: VolumeInput, data: VolumeSettings): boolean {
  const { storage } = settings;
  return JSON.stringify(volumeOf(settings)) === JSON.stringify(volumeOf({ ...data, storage }));
}

/** What the `data` block makes, and an input that is not declared does not take; the compiler has looked at declared ones. */
function sizeProblem({ shape, settings }: VolumeInput): Problem | null {
  const [channels = 0, ...wanted] = shape;
  const [windows = 0, ...size] = volumeShape(settings);
  if (channels !== windows) {
    const message = `the model takes ${channels} channels, but the \`data\` block produces ${windows}`;
    return { subject: "", message, help: "give `window` one pair for each channel, or change the encoder's channels" };
  }
  if (wanted.join() === size.join()) return null;
  return {
    subject: "",
    message: `the model takes volumes of ${wanted.join(" x ")} voxels, but the \`data\` block produces ${size.join(" x ")}`,
    help: `write \`size = [${wanted.join(", ")}]\` in the \`data\` block, or change the encoder's volume`,
  };
}

function notLookedUp(name: string): Result<never> {
  return unfit(`\`${name}\` takes tokens, but they are not looked up in a table`);
}

function shown({ name, type }: Input): string {
  return `\`${name}\`, ${printType(type)}`;
}

function unfit(message: string): Result<never> {
  return failed({ subject: "", message, help: whatFits });
}

const whatFits =
  "without a declaration, f32[batch, windows, slices, height, width] takes a volume and i32[batch, length] tokens or their mask; " +
  "declare others: `input labels: f32[batch, 18] = table(columns = classes)`";
