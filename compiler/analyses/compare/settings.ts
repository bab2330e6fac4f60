import { createSource, parse } from "../../../grammar/index.ts";
import type { TracedSpec } from "../../programs/index.ts";
import {
  type DataSettings,
  type EvalSettings,
  type InputSource,
  type Optimizer,
  printAugmentation,
  printBest,
  printColumns,
  printPrompts,
  printRecompute,
  printTasks,
  printThreshold,
  readDataSettings,
  readEvalSettings,
  readTrainSettings,
  type Schedule,
  type TrainSettings,
} from "../../settings/index.ts";

type Settings = Pick<TracedSpec, "settings" | "data" | "evaluation" | "sources">;

/** How each setting is called in its block, and how its value is written; a setting without a row does not compile. */
type Rows<Block> = { readonly [Key in keyof Block]: readonly [name: string, write: (value: Block[Key]) => string] };

const plain = (value: number | string | null | readonly (number | string | readonly number[])[]): string =>
  JSON.stringify(value);

const trainRows: Rows<TrainSettings> = {
  optimizer: ["optimizer", writeOptimizer],
  learningRate: ["optimizer.lr", plain],
  schedule: ["schedule", writeSchedule],
  batch: ["batch", plain],
  microBatch: ["micro_batch", plain],
  epochs: ["epochs", plain],
  evaluateEvery: ["evaluate_every", plain],
  saveEvery: ["save_every", plain],
  keepBest: ["keep_best", (written) => plain(written === null ? "mean_auroc" : printBest(written))],
  patience: ["patience", plain],
  ema: ["ema", plain],
  clipNorm: ["clip_norm", plain],
  precision: ["precision", plain],
  recompute: ["recompute", printRecompute],
  memory: ["memory", (limit) => (limit === null ? "any amount" : `${limit.bytes} bytes`)],
  seed: ["seed", plain],
};

const dataRows: Rows<DataSettings> = {
  units: ["units", (units) => units],
  orientation: ["orientation", plain],
  assumeOrientation: ["assume_orientation", plain],
  assumeSpacing: ["assume_spacing", plain],
  axes: ["axes", plain],
  crop: ["crop", (crop) => crop],
  resize: ["resize", (resize) => resize],
  spacing: ["spacing", plain],
  grid: ["grid", (grid) => grid],
  size: ["size", plain],
  window: ["window", (window) => (window === "min_max" ? window : plain(window))],
  otherWindows: ["window of further channels", plain],
  clip: ["clip", (time) => time],
  range: ["range", plain],
  pad: ["pad", plain],
  storage: ["storage", plain],
  folder: ["folder", plain],
  train: ["train", plain],
  valid: ["valid", plain],
  key: ["key", plain],
  table: ["table", plain],
  validTable: ["valid_table", plain],
  file: ["file", plain],
  split: ["split", plain],
  text: ["text", plain],
  textSeparator: ["text_separator", plain],
  augment: ["augment", (list) => (list.length === 0 ? "none" : `[${list.map(printAugmentation).join(", ")}]`)],
};

const evalRows = (block: EvalSettings): Rows<EvalSettings> => ({
  image: ["image", plain],
  text: ["text", plain],
  scale: ["scale", plain],
  prompts: ["prompts", printPrompts],
  classes: ["classes", plain],
  columns: ["columns", (columns) => (columns === null ? "those of the classes" : printColumns(columns))],
  threshold: ["threshold", printThreshold],
  resamples: ["resamples", plain],
  resampleBy: [
    "resample_by",
    (by) => (by.kind === "column" ? JSON.stringify(by.name) : by.kind === "known" ? "none" : by.kind),
  ],
  tasks: ["tasks", (tasks) => printTasks(tasks, block)],
});

/** All settings of a spec by name, those that it leaves out with what they then are, and what its inputs take of a data set. */
export function settingsOf({ settings, data, evaluation, sources }: Settings): readonly (readonly [string, string])[] {
  return [
    ...written("train", settings, trainRows),
    ...written("data", data, dataRows),
    ...written("eval", evaluation, evalRows(evaluation)),
    ...[...sources].map(([name, source]) => [`input ${name}`, writeSource(source, data)] as const),
  ];
}

/** What each setting is where a spec says nothing of it. */
export function defaultSettings(): readonly (readonly [string, string])[] {
  const { file } = parse(createSource("", ""));
  return settingsOf({
    settings: readTrainSettings(file, {}).settings,
    data: readDataSettings(file).settings,
    evaluation: readEvalSettings(file, []).settings,
    sources: new Map(),
  });
}

function written<Block extends object>(
  block: string,
  values: Block,
  rows: Rows<Block>,
): readonly (readonly [string, string])[] {
  const keys: (keyof Block)[] = [];
  for (const key in rows) keys.push(key);
  return keys.map((key) => {
    const [name, write] = rows[key];
    return [`${block}.${name}`, write(values[key])];
  });
}

function writeOptimizer(optimizer: Optimizer): string {
  const { weightDecay } = optimizer;
  switch (optimizer.kind) {
    case "sgd": {
      const nesterov = optimizer.nesterov ? ", nesterov = true" : "";
      return `sgd(momentum = ${optimizer.momentum}${nesterov}, weight_decay = ${weightDecay})`;
    }
    case "lion":
      return `lion(betas = [${optimizer.betas.join(", ")}], weight_decay = ${weightDecay})`;
    case "adafactor": {
      const { beta2Decay, epsilons, clip } = optimizer;
      return `adafactor(beta2_decay = ${beta2Decay}, eps = [${epsilons.join(", ")}], d = ${clip}, weight_decay = ${weightDecay})`;
    }
    case "adam": {
      const { decoupled, betas, epsilon } = optimizer;
      const name = decoupled ? "adamw" : "adam";
      return `${name}(betas = [${betas.join(", ")}], eps = ${epsilon}, weight_decay = ${weightDecay})`;
    }
  }
}

function writeSchedule({ kind, warmup, warmupEpochs, steps }: Schedule): string {
  const inEpochs = warmupEpochs === 0 ? "" : `, warmup_epochs = ${warmupEpochs}`;
  return `${kind}(warmup = ${warmup}${inEpochs})${steps === null ? "" : ` over ${steps} steps`}`;
}

/** A source with its arguments; those that a volume has from the `data` block are compared there. */
function writeSource(source: InputSource, data: DataSettings): string {
  const { kind, ...own } = source;
  const values = { ...own, ...("settings" in source ? source.settings : {}), settings: null };
  const ofBlock = new Map<string, unknown>(kind === "volume" ? Object.entries(data) : []);
  const isOwn = ([name, value]: readonly [string, unknown]): boolean =>
    value !== null && JSON.stringify(value) !== JSON.stringify(ofBlock.get(name));
  const told = Object.entries(values)
    .filter(isOwn)
    .map(([name, value]) => {
      return `${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)} = ${JSON.stringify(value)}`;
    });
  return `${kind}(${told.join(", ")})`;
}
