import { type Diagnostic, type File, report, type Span } from "../../grammar/index.ts";
import { printNumberOf } from "../units.ts";
import { type BestProblem, bestHelp, bestProblem, type Measured, type WrittenBest, writtenBest } from "./best.ts";
import type { NamedCall, Range } from "./named-call.ts";
import { SettingReader } from "./reader.ts";

/** How a parameter follows its gradient. */
export type Optimizer =
  | {
      readonly kind: "adam";
      /** Decoupled decay (AdamW), or decay in the gradient (Adam). */
      readonly decoupled: boolean;
      readonly betas: readonly [number, number];
      readonly epsilon: number;
      readonly weightDecay: number;
    }
  | {
      readonly kind: "sgd";
      readonly momentum: number;
      /** Whether a step looks ahead by the next one's momentum. */
      readonly nesterov: boolean;
      readonly weightDecay: number;
    }
  | { readonly kind: "lion"; readonly betas: readonly [number, number]; readonly weightDecay: number }
  | {
      readonly kind: "adafactor";
      /** The mean of squares forgets at the rate `step ** beta2Decay`. */
      readonly beta2Decay: number;
      /** The least root of a mean of squares, and the least size of a parameter that steps are relative to. */
      readonly epsilons: readonly [number, number];
      /** The most that a step may be in the mean before it is made shorter. */
      readonly clip: number;
      readonly weightDecay: number;
    };

/** How the learning rate changes: up from 0 over the warm-up, then as the kind says until the last step. */
export interface Schedule {
  readonly kind: "constant" | "linear" | "cosine";
  /** Steps of the warm-up, and epochs of it, both together. */
  readonly warmup: number;
  readonly warmupEpochs: number;
  /** Steps of the whole training; `linear` and `cosine` end there at 0. Null when the spec does not say. */
  readonly steps: number | null;
  /** Null where it is not known what the model is trained on: what is said in epochs is nothing then. */
  readonly stepsPerEpoch: number | null;
}

/** Steps of what a schedule or a group says in steps and in epochs. */
export function stepsOf(steps: number, epochs: number, { stepsPerEpoch }: Schedule): number {
  return steps + epochs * (stepsPerEpoch ?? 0);
}

/** What the `train` block says, with defaults for what it leaves out. */
export interface TrainSettings {
  readonly optimizer: Optimizer;
  readonly learningRate: number;
  readonly schedule: Schedule;
  readonly batch: number;
  /** Rows that are computed at once; a batch is made of several such parts. */
  readonly microBatch: number;
  readonly epochs: number;
  /** Steps between evaluations, and between checkpoints; null for the end of each epoch. */
  readonly evaluateEvery: number | null;
  readonly saveEvery: number | null;
  /** By which number of an evaluation the best checkpoint is told; null where the spec does not say. */
  readonly keepBest: WrittenBest | null;
  /** Evaluations in a row without a better one that end a training; null for any number. */
  readonly patience: number | null;
  /** How much of an average of the trained parameters a step keeps; null for no average. */
  readonly ema: number | null;
  readonly clipNorm: number | null;
  readonly precision: "f32" | "bf16";
  readonly recompute: Recompute;
  /** What a training step may take; null for any amount. */
  readonly memory: MemoryLimit | null;
  readonly seed: number;
}

/**
 * Whose activations are computed again in the backward pass instead of being kept: those of no layer, of all, or of so many, which a
 * spec cannot say, and which are chosen for its `memory`.
 */
export type Recompute = "none" | "layers" | number;

/** `none`, `layers`, `3 layers` */
export function printRecompute(recompute: Recompute): string {
  return typeof recompute === "number" ? printNumberOf(recompute, "layer") : recompute;
}

/** `memory = 16GB` */
export interface MemoryLimit {
  readonly bytes: number;
  readonly span: Span;
  /** Whether `recompute` is chosen for it, because the spec does not say. */
  readonly choosesRecompute: boolean;
}

/** What may be said besides a spec, and replaces what its `train` block says. */
export type TrainOverrides = Partial<Pick<TrainSettings, "batch" | "microBatch" | "precision">> & {
  readonly recompute?: "none" | "layers";
  /** For what does not train: no limit of a training step. */
  readonly memory?: null;
};

const optimizerNames = ["adamw", "adam", "sgd", "lion", "adafactor"];
const scheduleNames = ["constant", "linear", "cosine"];
export const trainSettingNames = [
  "optimizer",
  "schedule",
  "batch",
  "micro_batch",
  "epochs",
  "steps",
  "evaluate_every",
  "save_every",
  "keep_best",
  "patience",
  "ema",
  "clip_norm",
  "precision",
  "recompute",
  "memory",
  "seed",
] as const;

/** The settings that are calls: their arguments, and what is called where a spec does not say. */
export const trainCalls = [
  {
    setting: "optimizer",
    arguments: ["lr", "weight_decay", "betas", "eps", "momentum", "nesterov", "beta2_decay", "d"],
    otherwise: "adamw",
  },
  { setting: "schedule", arguments: ["warmup", "warmup_epochs"], otherwise: "constant" },
] as const;

/** Settings that had another name before. */
const renamed: ReadonlyMap<string, string> = new Map([["checkpoint", "recompute"]]);

const positive: Range = { of: "a number above 0", holds: (value) => value > 0 };
const notNegative: Range = { of: "a number that is not negative", holds: (value) => value >= 0 };
const oneOrMore: Range = { of: "a number that is 1 or more", holds: (value) => value >= 1 };
const notPositive: Range = { of: "a number that is 0 or less", holds: (value) => value <= 0 };
const belowOne: Range = { of: "a number from 0 up to 1, without 1", holds: (value) => value >= 0 && value < 1 };
function wholeNotNegative(unit: "steps" | "epochs"): Range {
  return { of: `a whole number of ${unit}, 0 or more`, holds: (value) => Number.isSafeInteger(value) && value >= 0 };
}

/** Reads the `train` block of a spec, and reports what it cannot mean, also where it is overridden. */
export function readTrainSettings(
  file: File,
  overrides: TrainOverrides,
): {
  readonly settings: TrainSettings;
  readonly diagnostics: readonly Diagnostic[];
} {
  const reader = new SettingReader(file, "train", trainSettingNames, renamed);
  const optimizer = reader.call(
    "optimizer",
    optimizerNames,
    "`adamw(...)`, `adam(...)`, `sgd(...)`, `lion(...)` or `adafactor(...)`",
  );
  const schedule = reader.call("schedule", scheduleNames, "`constant()`, `linear(...)` or `cosine(...)`");
  reader.known(schedule, ["warmup", "warmup_epochs"]);
  const written = reader.count("batch", 1);
  const batch = overrides.batch ?? written;
  const rows = reader.count("micro_batch", batch);
  const microBatch = overrides.microBatch ?? rows;
  // A batch that is given besides may be smaller than the rows that the spec computes at once.
  const isLarger = overrides.batch === undefined && microBatch > batch;
  const settings: TrainSettings = {
    optimizer: readOptimizer(optimizer, reader),
    learningRate: reader.argument(optimizer, "lr", optimizer.name === "adafactor" ? 1e-2 : 1e-4, positive),
    schedule: {
      kind: schedule.name === "linear" || schedule.name === "cosine" ? schedule.name : "constant",
      warmup: reader.argument(schedule, "warmup", 0, wholeNotNegative("steps")),
      warmupEpochs: reader.argument(schedule, "warmup_epochs", 0, wholeNotNegative("epochs")),
      steps: reader.optionalCount("steps"),
      stepsPerEpoch: null,
    },
    batch,
    microBatch: Math.min(microBatch, batch),
    epochs: reader.count("epochs", 1),
    evaluateEvery: reader.optionalCount("evaluate_every"),
    saveEvery: reader.optionalCount("save_every"),
    keepBest: readBest(reader),
    patience: reader.optionalCount("patience"),
    ema: readEma(reader),
    clipNorm: reader.optionalNumber("clip_norm"),
    precision: reader.choice("precision", ["f32", "bf16"], "f32"),
    recompute: reader.word("recompute", ["none", "layers"]) === "layers" ? "layers" : "none",
    memory: readMemory(reader),
    seed: reader.count("seed", 0, 0),
  };
  if (!reader.hasRefused("batch") && (isLarger || batch % settings.microBatch !== 0)) {
    const help = `try ${divisorsNear(batch, microBatch).join(" or ")}`;
    reader.refuse("micro_batch", `a divisor of \`batch\`, which is ${batch}`, undefined, { help });
  }
  const memory = overrides.memory === null ? null : settings.memory;
  const limit = memory === null || overrides.recompute === undefined ? memory : { ...memory, choosesRecompute: false };
  return {
    settings: { ...settings, ...overrides, microBatch: settings.microBatch, memory: limit },
    diagnostics: [...reader.diagnostics, ...lengthWarnings(settings, (setting) => reader.expression(setting)?.span)],
  };
}

function lengthWarnings(
  { schedule: { warmup, steps }, ema }: TrainSettings,
  spanOf: (setting: "schedule" | "ema") => Span | undefined,
): readonly Diagnostic[] {
  if (steps === null) return [];
  const [rises, averages] = [spanOf("schedule"), spanOf("ema")];
  return [
    ...(rises === undefined || !outlasts(warmup, steps)
      ? []
      : [report("long-warmup", rises, { warmup, epochs: 0, steps })]),
    ...(averages === undefined ? [] : slowAverage(ema, steps).map((said) => report("slow-average", averages, said))),
  ];
}

/** Whether a warm-up is no shorter than its training, so that the learning rate never comes down from what it rises to. */
export function outlasts(warmup: number, steps: number): boolean {
  return warmup > 0 && warmup >= steps;
}

/** What is said of an average that is made of first values by more than half after all steps; at most one. */
export function slowAverage(ema: number | null, steps: number) {
  if (ema === null || ema ** steps <= 0.5) return [];
  // Two digits of an average of which a hundredth is left.
  return [{ ema, share: ema ** steps, steps, less: Math.floor(1000 * 0.01 ** (1 / steps)) / 1000 }];
}

/** The divisors of a number on both sides of another one. */
function divisorsNear(number: number, other: number): readonly number[] {
  let below = Math.min(number, other);
  while (number % below !== 0) below--;
  let above = other;
  while (above < number && number % above !== 0) above++;
  return above > other && above <= number ? [below, above] : [below];
}

function readOptimizer(call: NamedCall, reader: SettingReader<(typeof trainSettingNames)[number]>): Optimizer {
  if (call.name === "sgd") {
    reader.known(call, ["lr", "momentum", "nesterov", "weight_decay"]);
    const momentum = reader.argument(call, "momentum", 0, belowOne);
    const expected = momentum > 0 ? "`true` or `false`" : "`false` without a `momentum`";
    const nesterov = reader.read(
      call,
      "nesterov",
      expected,
      (value) => {
        return value.kind === "boolean" && (!value.value || momentum > 0) ? value : null;
      },
      { choices: momentum > 0 ? ["true", "false"] : ["false"] },
    );
    return {
      kind: "sgd",
      momentum,
      nesterov: nesterov?.value ?? false,
      weightDecay: reader.argument(call, "weight_decay", 0, notNegative),
    };
  }
  if (call.name === "lion") {
    reader.known(call, ["lr", "weight_decay", "betas"]);
    return {
      kind: "lion",
      betas: reader.pair(call, "betas", [0.9, 0.99], belowOne),
      weightDecay: reader.argument(call, "weight_decay", 0, notNegative),
    };
  }
  if (call.name === "adafactor") {
    reader.known(call, ["lr", "weight_decay", "beta2_decay", "eps", "d"]);
    return {
      kind: "adafactor",
      beta2Decay: reader.argument(call, "beta2_decay", -0.8, notPositive),
      epsilons: reader.pair(call, "eps", [2 ** -23, 1e-3], positive),
      clip: reader.argument(call, "d", 1, oneOrMore),
      weightDecay: reader.argument(call, "weight_decay", 0, notNegative),
    };
  }
  reader.known(call, ["lr", "weight_decay", "betas", "eps"]);
  const decoupled = call.name !== "adam";
  return {
    kind: "adam",
    decoupled,
    betas: reader.pair(call, "betas", [0.9, 0.999], belowOne),
    epsilon: reader.argument(call, "eps", 1e-8, positive),
    weightDecay: reader.argument(call, "weight_decay", decoupled ? 0.01 : 0, notNegative),
  };
}

function readMemory(reader: SettingReader<(typeof trainSettingNames)[number]>): MemoryLimit | null {
  const amount = reader.amount("memory");
  return amount === null ? null : { ...amount, choosesRecompute: !reader.has("recompute") };
}

function readEma(reader: SettingReader<(typeof trainSettingNames)[number]>): number | null {
  const ema = reader.optionalNumber("ema");
  if (ema !== null && ema >= 1) reader.refuse("ema", "a number above 0 and below 1");
  return ema;
}

function readBest(reader: SettingReader<(typeof trainSettingNames)[number]>): WrittenBest | null {
  const value = reader.expression("keep_best");
  const written = value === null ? null : writtenBest(value);
  if (value !== null && written === null) {
    const expected = "the name of a number, `minimize(NAME)` or `maximize(NAME)`";
    reader.refuse("keep_best", expected, undefined, { help: bestHelp(value) });
  }
  return written;
}

/** Reports a `keep_best` by which no checkpoint can be told from another. */
export function checkBest(
  file: File,
  { keepBest }: Pick<TrainSettings, "keepBest">,
  measured: Measured,
): readonly Diagnostic[] {
  const problem = keepBest === null ? null : bestProblem(keepBest, measured);
  if (problem === null) return [];
  const reader = new SettingReader(file, "train", trainSettingNames, renamed);
  if (problem.kind === "wrong") {
    reader.refuse("keep_best", problem.expected, undefined, { help: problem.help, choices: problem.choices });
    return reader.diagnostics;
  }
  const span = reader.expression("keep_best")?.span;
  return span === undefined ? [] : [diagnosticOf(problem, span, measured)];
}

function diagnosticOf(
  problem: Exclude<BestProblem, { readonly kind: "wrong" }>,
  span: Span,
  { lossNames }: Measured,
): Diagnostic {
  switch (problem.kind) {
    case "not-evaluated": {
      const help = lossNames.length === 0 ? null : "`keep_best = loss` needs no `eval` block";
      return report("nothing-evaluated", span, { name: "keep_best", why: problem.why }, { help });
    }
    case "only-after": {
      const help = problem.instead === null ? null : `\`keep_best = ${problem.instead}\` is measured during training`;
      return report("measured-after", span, { name: "keep_best" }, { help });
    }
    case "worst": {
      const { name, better } = problem;
      const help = `leave out the direction: \`keep_best = ${name}\``;
      return report("worst-kept", span, { name, better: better === "minimize" ? "lower" : "higher" }, { help });
    }
  }
}
