import { windowsOf } from "../../../compiler/channel-windows.ts";
import { printAugmentation, type TracedSpec } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import {
  byArchive,
  type ColourPicture,
  type Example,
  encodePng,
  exampleOf,
  type FileInput,
  fileInputs,
  type GreyPicture,
  gridOf,
  type Listing,
  loadExample,
  operationsOf,
  slicesOf,
  type VolumeChange,
  VolumeLoader,
} from "../../data/index.ts";
import type { ExamplesReport, Picture, PictureRow, ShownExample } from "../../report/index.ts";
import { planOrder } from "../../train/index.ts";
import { flipProblem, unfitProblem } from "../train/augment-problem.ts";
import type { SettledData } from "./contract.ts";

const mostShown = 3;
/** Examples that are tried where some cannot be read. */
const mostTried = 8;
const mostChannels = 4;
/** Pixels along a side of a picture. */
const longestSide = 256;

export interface DrawnData extends SettledData {
  readonly listing: Listing;
  /** Null for CT-CLIP's own preprocessing. */
  readonly spec: TracedSpec | null;
}

/** An example and the step that it is in, counted from 0. */
interface Drawn {
  readonly example: Example;
  readonly step: number;
}

/**
 * Draws the first examples of a training as the network sees them, before and after what changes them at random there; where nothing is to
 * train on, examples that are held out as they are. Null where none can be drawn.
 */
export async function drawExamples(data: DrawnData, tell: (progress: string) => void): Promise<ExamplesReport | null> {
  const { spec, inputs, orientations } = data;
  const trained = examplesOf(data, "train");
  const candidates = trained.length > 0 ? firstOf(trained, spec) : firstOf(examplesOf(data, "valid"), null);
  const operations = operationsOf(trained.length > 0 ? (spec?.data.augment ?? []) : []).volumes;
  const refused =
    spec === null || operations.length === 0
      ? null
      : (unfitProblem(spec, inputs) ?? flipProblem(spec, { examples: trained }, inputs, orientations));
  const changes = refused === null ? operations : [];
  const seed = spec?.settings.seed ?? null;
  const loader = new VolumeLoader({ cache: null, workers: 1, ahead: 0 });
  const shown: ShownExample[] = [];
  let unread = 0;
  try {
    for (const { example, step } of candidates) {
      if (shown.length === mostShown || shown.length + unread === mostTried) break;
      tell(`slices of ${example.name}`);
      const change =
        changes.length === 0 ? null : { operations: changes, draw: { seed: seed ?? 0, step, example: example.name } };
      const rows = await rowsOf(loader, example, change, data);
      if (rows === null) unread++;
      else shown.push({ name: example.name, step: step + 1, rows });
    }
  } finally {
    await loader.dispose();
  }
  if (shown.length === 0) return null;
  const augment = operations.map(({ operation }) => printAugmentation(operation));
  return { augment, refused, seed, shown, unread };
}

function examplesOf({ listing, inputs }: DrawnData, split: "train" | "valid"): readonly Example[] {
  const { labels, texts } = inputs.needs;
  const needs = split === "train" ? { texts, labels } : { texts: [], labels: null };
  return listing.volumes.flatMap((volume) => {
    if (!volume.splits.includes(split)) return [];
    const { example } = exampleOf(volume, listing, needs);
    return example === null ? [] : [example];
  });
}

/** Examples in the order in which a training sees them, or else in their own. */
function* firstOf(examples: readonly Example[], spec: TracedSpec | null): Generator<Drawn> {
  if (spec === null || examples.length === 0) {
    for (const example of examples) yield { example, step: 0 };
    return;
  }
  const { batch, seed } = spec.settings;
  const archives = byArchive(examples.map(({ files: [first] }) => first));
  const planned = planOrder({ examples: examples.length, batch: Math.min(batch, examples.length), seed, archives });
  if (planned.kind === "too-few") return;
  for (let step = 0; step < planned.order.batchesPerEpoch; step++) {
    for (const index of planned.order.batchAt(step).examples) yield { example: at(examples, index), step };
  }
}

/** Pictures of all that the model takes of an example's files, after a change or as they are; null where one cannot be read. */
export async function rowsOf(
  loader: Pick<VolumeLoader, "load">,
  example: Example,
  change: VolumeChange | null,
  data: SettledData,
): Promise<readonly PictureRow[] | null> {
  const inputs = fileInputs(data.inputs);
  const rows: PictureRow[] = [];
  // One at a time: two volumes of CT-CLIP's size and what is made of them would be a gigabyte.
  for (const input of inputs) {
    const ofInput = inputs.length === 1 ? [] : [input.name];
    const drawn: (readonly PictureRow[])[] = [];
    let channels: readonly Channel[] | null = null;
    for (const [title, own] of [["before", null] as const, ...(change === null ? [] : [["after", change] as const])]) {
      const loaded = await loadExample(loader, example, [input], null, own);
      if (loaded.kind !== "ok") return null;
      const words = change === null ? ofInput : [title, ...ofInput];
      const values = at(loaded.value, 0);
      channels ??= channelsOf(input, values);
      drawn.push(picturesOf(values, input, channels, data, words));
    }
    // What is before stands above what is after, window by window.
    for (const window of at(drawn, 0).keys()) for (const each of drawn) rows.push(at(each, window));
  }
  return rows;
}

function picturesOf(
  values: Float32Array,
  input: FileInput,
  channels: readonly Channel[],
  data: SettledData,
  words: readonly string[],
): readonly PictureRow[] {
  if (input.kind === "image") return [{ title: words.join(", "), pictures: [imagePicture(values, input.settings)] }];
  const { sizes, spacing } = gridOf(input);
  const titles = planesOf(input, data);
  const ofOne = sizes.reduce((product, size) => product * size, 1);
  return channels.slice(0, mostChannels).map(({ range, title: name }, channel) => {
    const volume = values.subarray(channel * ofOne, (channel + 1) * ofOne);
    const named = channels.length === 1 ? [] : [name];
    const pictures = slicesOf(volume, sizes, range)
      .flat()
      .map((slice, plane): Picture => {
        const [across, down] = at(sides, plane);
        const lengths = { width: slice.width * spacing[across], height: slice.height * spacing[down] };
        return { title: at(titles, plane), png: encodePng(shrunk(slice)), ...lengths };
      });
    return { title: [...words, ...named].join(", "), pictures };
  });
}

/** What a channel of a volume shows, and the values that are black and white in it. */
interface Channel {
  readonly title: string;
  readonly range: readonly [number, number];
}

/** Labels are shown up to the highest that an example has. */
function channelsOf(input: FileInput, values: Float32Array): readonly Channel[] {
  switch (input.kind) {
    case "image":
      return [];
    case "volume":
      return windowsOf(input.settings).map((window) => ({
        title: window === "min_max" ? "all values" : `window ${window.join(" to ")}`,
        range: input.settings.range,
      }));
    case "segmentation": {
      if (input.labels !== null) return input.labels.map((label) => ({ title: `label ${label}`, range: [0, 1] }));
      return [{ title: "labels", range: [0, values.reduce((most, value) => Math.max(most, value), 1)] }];
    }
  }
}

/** The axes along the rows and the columns of each plane's slice. */
const sides = [
  [2, 1],
  [2, 0],
  [1, 0],
] as const;

const networkAxes = ["slices", "height", "width"] as const;
const planeOf: ReadonlyMap<string, string> = new Map([
  ...["I", "S"].map((letter) => [letter, "axial"] as const),
  ...["A", "P"].map((letter) => [letter, "coronal"] as const),
  ...["L", "R"].map((letter) => [letter, "sagittal"] as const),
]);

/** An input on a grid in space. */
type GridInput = Exclude<FileInput, { readonly kind: "image" }>;

/** What the planes across each of the network's axes are called where it is known where they lie, and otherwise those axes. */
function planesOf(input: GridInput, { orientations }: SettledData): readonly string[] {
  const { axes } = input.settings;
  const orientation = orientations.get(input.kind === "segmentation" ? input.of : input.name) ?? null;
  return networkAxes.map((axis, place) => {
    const letter = orientation?.charAt("xyz".indexOf(axes.charAt(place))) ?? "";
    return planeOf.get(letter) ?? `middle of ${axis}`;
  });
}

/** A picture as it was before its colours were normalised. */
function imagePicture(
  values: Float32Array,
  { size: [height, width], mean, std }: Extract<FileInput, { readonly kind: "image" }>["settings"],
): Picture {
  const pixels = new Uint8Array(3 * height * width);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (const channel of [0, 1, 2] as const) {
      const value = (values[channel * height * width + pixel] ?? 0) * std[channel] + mean[channel];
      pixels[3 * pixel + channel] = Math.round(255 * Math.min(Math.max(value, 0), 1));
    }
  }
  const picture: ColourPicture = { width, height, pixels, isColour: true };
  return { title: "", png: encodePng(shrunk(picture)), width, height };
}

/** A picture with so few pixels that a page stays small: each is the mean of those that it stands for. */
function shrunk<Kind extends GreyPicture>(picture: Kind): Kind {
  const { width, height, pixels } = picture;
  const channels = pixels.length / (width * height);
  const [across, down] = [Math.ceil(width / longestSide), Math.ceil(height / longestSide)];
  if (across === 1 && down === 1) return picture;
  const [newWidth, newHeight] = [Math.floor(width / across), Math.floor(height / down)];
  const means = new Uint8Array(newWidth * newHeight * channels);
  for (let row = 0; row < newHeight; row++) {
    for (let column = 0; column < newWidth; column++) {
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let y = row * down; y < (row + 1) * down; y++)
          for (let x = column * across; x < (column + 1) * across; x++)
            sum += pixels[(y * width + x) * channels + channel] ?? 0;
        means[(row * newWidth + column) * channels + channel] = Math.round(sum / (across * down));
      }
    }
  }
  return { ...picture, width: newWidth, height: newHeight, pixels: means };
}
