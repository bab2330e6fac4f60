import {
  type Call,
  type Diagnostic,
  didYouMean,
  type Expression,
  type File,
  report,
  type Setting,
  type Span,
} from "../../grammar/index.ts";
import type { Optimizer } from "../programs/optimizer.ts";
import type { Schedule } from "../programs/schedule.ts";

/** What the `train` block says, with defaults for what it leaves out. */
export interface TrainSettings {
  readonly optimizer: Optimizer;
  readonly learningRate: number;
  readonly schedule: Schedule;
  readonly batch: number;
  /** Rows that are computed at once; a batch is made of several such parts. */
  readonly microBatch: number;
  readonly epochs: number;
  readonly clipNorm: number | null;
  readonly precision: "f32" | "bf16";
  /** Whose activations are computed again in the backward pass instead of being kept. */
  readonly checkpoint: "none" | "layers";
  /** What a training step may take; null for any amount. */
  readonly memory: MemoryLimit | null;
  readonly seed: number;
}

/** `memory = 16GB` */
export interface MemoryLimit {
  readonly bytes: number;
  readonly span: Span;
  /** Whether `checkpoint` is chosen for it, because the spec does not say. */
  readonly choosesCheckpoint: boolean;
}

/** What may be said besides a spec, and replaces what its `train` block says. */
export type TrainOverrides = Partial<Pick<TrainSettings, "batch" | "precision" | "checkpoint">>;

const optimizerNames = ["adamw", "adam", "sgd"];
const scheduleNames = ["constant", "linear", "cosine"];
const settingNames = [
  "optimizer",
  "schedule",
  "batch",
  "micro_batch",
  "epochs",
  "steps",
  "clip_norm",
  "precision",
  "checkpoint",
  "memory",
  "seed",
];

/** Reads the `train` block of a spec, and reports what it cannot mean, also where it is overridden. */
export function readTrainSettings(
  file: File,
  overrides: TrainOverrides,
): {
  readonly settings: TrainSettings;
  readonly diagnostics: readonly Diagnostic[];
} {
  const reader = new SettingReader(file);
  const optimizer = reader.call("optimizer", optimizerNames, "`adamw(...)`, `adam(...)` or `sgd(...)`");
  const schedule = reader.call("schedule", scheduleNames, "`constant()`, `linear(...)` or `cosine(...)`");
  reader.known(schedule, ["warmup"]);
  const written = reader.count("batch", 1);
  const batch = overrides.batch ?? written;
  const settings: TrainSettings = {
    optimizer: readOptimizer(optimizer, reader),
    learningRate: reader.argument(optimizer, "lr", 1e-4),
    schedule: {
      kind: schedule.name === "linear" || schedule.name === "cosine" ? schedule.name : "constant",
      warmup: reader.argument(schedule, "warmup", 0),
      steps: reader.optionalCount("steps"),
    },
    batch,
    microBatch: Math.min(reader.count("micro_batch", batch), batch),
    epochs: reader.count("epochs", 1),
    clipNorm: reader.optionalNumber("clip_norm"),
    precision: reader.choice("precision", ["f32", "bf16"]) === "bf16" ? "bf16" : "f32",
    checkpoint: reader.word("checkpoint", ["none", "layers"]) === "layers" ? "layers" : "none",
    memory: reader.memory(),
    seed: reader.count("seed", 0, 0),
  };
  const { memory } = settings;
  const limit =
    memory === null || overrides.checkpoint === undefined ? memory : { ...memory, choosesCheckpoint: false };
  return { settings: { ...settings, ...overrides, memory: limit }, diagnostics: reader.diagnostics };
}

function readOptimizer(call: NamedCall, reader: SettingReader): Optimizer {
  if (call.name === "sgd") {
    reader.known(call, ["lr", "momentum", "weight_decay"]);
    return {
      kind: "sgd",
      momentum: reader.argument(call, "momentum", 0),
      weightDecay: reader.argument(call, "weight_decay", 0),
    };
  }
  reader.known(call, ["lr", "weight_decay", "betas", "eps"]);
  const decoupled = call.name !== "adam";
  return {
    kind: "adam",
    decoupled,
    betas: reader.pair(call, "betas", [0.9, 0.999]),
    epsilon: reader.argument(call, "eps", 1e-8),
    weightDecay: reader.argument(call, "weight_decay", decoupled ? 0.01 : 0),
  };
}

/** How many numbers an optimizer keeps for each trainable one. */
export function slotsOf(optimizer: Optimizer): number {
  if (optimizer.kind === "adam") return 2;
  return optimizer.momentum === 0 ? 0 : 1;
}

/** `adamw(lr = 1e-4)` or a bare `adamw`. */
interface NamedCall {
  readonly name: string | null;
  readonly call: Call | null;
}

class SettingReader {
  readonly diagnostics: Diagnostic[] = [];
  private readonly entries: ReadonlyMap<string, Setting>;

  constructor(file: File) {
    const entries = file.items.flatMap((item) =>
      item.kind === "settings" && item.block === "train" ? item.entries : [],
    );
    this.entries = new Map(entries.map((entry) => [entry.name.text, entry]));
    for (const { name } of entries) {
      if (settingNames.includes(name.text)) continue;
      const help = didYouMean(name.text, settingNames) ?? `its settings are ${settingNames.join(", ")}`;
      this.diagnostics.push(report("unknown-setting", name.span, { name: name.text, block: "train" }, { help }));
    }
  }

  /** A whole number of at least `least`. */
  count(name: string, otherwise: number, least = 1): number {
    const expected = least === 1 ? "a whole number above 0" : "a whole number that is not negative";
    const value = this.number(name, expected);
    if (value === null) return otherwise;
    if (Number.isSafeInteger(value) && value >= least) return value;
    this.refuse(name, expected);
    return otherwise;
  }

  optionalCount(name: string): number | null {
    return this.entries.has(name) ? this.count(name, 1) : null;
  }

  optionalNumber(name: string): number | null {
    const value = this.number(name, "a number above 0");
    if (value !== null && value <= 0) this.refuse(name, "a number above 0");
    return value;
  }

  choice(name: string, choices: readonly string[]): string | null {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return null;
    if (value.kind === "string" && choices.includes(value.value)) return value.value;
    this.refuse(name, choices.map((choice) => `"${choice}"`).join(" or "));
    return null;
  }

  /** One of some words, which are written without quotes. */
  word(name: string, words: readonly string[]): string | null {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return null;
    // `none` is a value of the language, not a name.
    const word = value.kind === "name" ? value.text : value.kind;
    if (words.includes(word)) return word;
    this.refuse(name, words.map((word) => `\`${word}\``).join(" or "));
    return null;
  }

  memory(): MemoryLimit | null {
    const value = this.entries.get("memory")?.value;
    if (value === undefined) return null;
    if (value.kind === "number" && value.value > 0 && /[MG]B$/.test(value.text)) {
      return { bytes: value.value, span: value.span, choosesCheckpoint: !this.entries.has("checkpoint") };
    }
    this.refuse("memory", "an amount above 0 in `MB` or `GB`, such as `16GB`");
    return null;
  }

  call(name: string, names: readonly string[], expected: string): NamedCall {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return { name: null, call: null };
    const callee = value.kind === "call" ? value.callee : value;
    if (callee.kind === "name" && names.includes(callee.text)) {
      return { name: callee.text, call: value.kind === "call" ? value : null };
    }
    this.refuse(name, expected);
    return { name: null, call: null };
  }

  /** Refuses arguments that a call does not have. */
  known({ name, call }: NamedCall, names: readonly string[]): void {
    for (const argument of call?.arguments ?? []) {
      if (argument.name !== null && names.includes(argument.name.text)) continue;
      const written = argument.name?.text ?? "";
      const help = didYouMean(written, names) ?? `its arguments are ${names.join(", ")}`;
      const params = { name: written, callee: name ?? "" };
      this.diagnostics.push(report("unknown-argument", argument.span, params, { help }));
    }
  }

  argument({ call }: NamedCall, name: string, otherwise: number): number {
    const argument = call?.arguments.find((each) => each.name?.text === name);
    if (argument === undefined) return otherwise;
    const value = literal(argument.value);
    if (value !== null) return value;
    this.diagnostics.push(report("bad-setting", argument.value.span, { name, expected: "a number" }));
    return otherwise;
  }

  pair({ call }: NamedCall, name: string, otherwise: readonly [number, number]): readonly [number, number] {
    const argument = call?.arguments.find((each) => each.name?.text === name);
    if (argument === undefined) return otherwise;
    const elements = argument.value.kind === "list" ? argument.value.elements.map(literal) : [];
    const [first, second] = elements;
    if (elements.length === 2 && typeof first === "number" && typeof second === "number") return [first, second];
    this.diagnostics.push(report("bad-setting", argument.value.span, { name, expected: "a list of two numbers" }));
    return otherwise;
  }

  private number(name: string, expected: string): number | null {
    const entry = this.entries.get(name);
    if (entry === undefined) return null;
    const value = literal(entry.value);
    if (value === null) this.refuse(name, expected);
    return value;
  }

  private refuse(name: string, expected: string): void {
    const entry = this.entries.get(name);
    if (entry !== undefined) this.diagnostics.push(report("bad-setting", entry.value.span, { name, expected }));
  }
}

function literal(expression: Expression): number | null {
  if (expression.kind === "number") return expression.value;
  if (expression.kind !== "unary" || expression.operator !== "-" || expression.operand.kind !== "number") return null;
  return -expression.operand.value;
}
