import { type Call, type Diagnostic, type Expression, report, type Span } from "../../grammar/index.ts";
import type { NamedCall } from "./named-call.ts";
import { type PromptSides, printPrompts, readPrompts } from "./prompts.ts";
import { SettingReader } from "./reader.ts";
import { printThreshold, readThreshold, type ThresholdSetting, unsaidVolumes } from "./threshold.ts";

/** What an evaluation measures. */
export type EvalTask = ZeroShotTask | RetrievalTask | ClassifyTask | ProbeTask;

interface Task<Kind extends string> {
  readonly kind: Kind;
  /** What tells it from others of an evaluation: letters, digits, `_` and `-`. */
  readonly name: string;
}

/** Classes by prompts: the softmax probability of what is said of a present class against what is said of an absent one. */
export interface ZeroShotTask extends Task<"zero_shot"> {
  readonly prompts: PromptSides;
  /** Of several prompts a side: the mean of their latents, scaled to length 1, or the mean of the scores of all pairs. */
  readonly average: "latent" | "score";
  readonly threshold: ThresholdSetting;
}

/** Reports by volumes, volumes by reports, and volumes by volumes with the same classes. */
export interface RetrievalTask extends Task<"retrieval"> {
  /** How many of the closest are looked at for recall, and for mean average precision. */
  readonly recallAt: readonly number[];
  readonly mapAt: readonly number[];
}

/** What a head of the model says of each class. */
export interface ClassifyTask extends Task<"classify"> {
  /** The let that is its logits, f32[batch, classes]. */
  readonly logits: string;
  readonly threshold: ThresholdSetting;
}

/** Logistic regression on the latents of images, a class by itself, which scores the patients that it was not fitted on. */
export interface ProbeTask extends Task<"probe"> {
  readonly folds: number;
  /** Of the penalty on the squares of the weights, scikit-learn's 1 / C; the best for the other folds is taken. */
  readonly strengths: readonly number[];
  readonly threshold: ThresholdSetting;
}

/** Settings of the block that tasks need or fall back on. */
interface TaskBlock {
  readonly image: string | null;
  readonly text: string | null;
  readonly classes: readonly string[];
  readonly prompts: PromptSides;
  readonly threshold: ThresholdSetting;
}

type NeededSetting = "image" | "text" | "classes";

const neededBy: Readonly<Record<EvalTask["kind"], readonly NeededSetting[]>> = {
  zero_shot: ["image", "text", "classes"],
  retrieval: ["image", "text"],
  classify: ["classes"],
  probe: ["image", "classes"],
};

/** The first setting of the block that a task needs and that is not set; null where it has them all. */
function unsetForTask(block: Pick<TaskBlock, NeededSetting>, { kind }: Pick<EvalTask, "kind">): NeededSetting | null {
  return neededBy[kind].find((name) => block[name] === null || block[name].length === 0) ?? null;
}

/** The setting that zero-shot evaluation lacks; null where it has what it needs. */
export function unsetForEvaluation(block: Pick<TaskBlock, NeededSetting>): NeededSetting | null {
  return unsetForTask(block, { kind: "zero_shot" });
}

/** What evaluations during training measure: the first task that scores classes and fits nothing; null where there is none. */
export function trainingTask({ tasks }: { readonly tasks: readonly EvalTask[] }): ZeroShotTask | ClassifyTask | null {
  return tasks.find((task) => task.kind === "zero_shot" || task.kind === "classify") ?? null;
}

type ArgumentName = "name" | "prompts" | "average" | "threshold" | "recall" | "map" | "logits" | "folds" | "strengths";
type TaskReader = SettingReader<ArgumentName>;

/** What stands around a task. */
interface Surroundings {
  readonly block: TaskBlock;
  /** The lets of the model. */
  readonly lets: readonly string[];
  /** The task itself, as it is written. */
  readonly span: Span;
}

/** A task: its arguments, and how it is read; null after reporting what it lacks. */
interface TaskKind<Kind extends EvalTask["kind"]> {
  readonly arguments: readonly [ArgumentName, ...ArgumentName[]];
  readonly read: (
    reader: TaskReader,
    around: Surroundings,
  ) => Omit<Extract<EvalTask, { readonly kind: Kind }>, "name"> | null;
}

const taskKinds: { readonly [Kind in EvalTask["kind"]]: TaskKind<Kind> } = {
  zero_shot: {
    arguments: ["name", "prompts", "average", "threshold"],
    read: (reader, { block }) => ({
      kind: "zero_shot",
      prompts: readPrompts(reader, block.prompts, block.classes),
      average: reader.word("average", ["latent", "score"]) ?? "latent",
      threshold: readThreshold(reader, block.threshold),
    }),
  },
  retrieval: {
    arguments: ["name", "recall", "map"],
    read: (reader) => ({
      kind: "retrieval",
      recallAt: readRanks(reader, "recall", defaultRecall),
      mapAt: readRanks(reader, "map", defaultMap),
    }),
  },
  classify: {
    arguments: ["logits", "name", "threshold"],
    read: (reader, { block, lets, span }) => {
      const logits = reader.name("logits", lets, "the name of a `let` of the model");
      const threshold = readThreshold(reader, block.threshold);
      if (logits !== null) return { kind: "classify", logits, threshold };
      if (!reader.has("logits"))
        reader.refuse("classify", "given the `let` that is its logits, such as `classify(logits)`", span);
      return null;
    },
  },
  probe: {
    arguments: ["name", "folds", "strengths", "threshold"],
    read: (reader, { block }) => {
      const folds = reader.count("folds", defaultFolds, 2);
      const expected = "a list of different numbers above 0";
      const strengths = reader.numbers("strengths", null, expected, (value) => Number.isFinite(value) && value > 0);
      if (strengths !== null && new Set(strengths).size < strengths.length) reader.refuse("strengths", expected);
      if (folds < 3 && strengths?.length !== 1 && !reader.hasRefused("strengths"))
        reader.refuse("folds", "3 or more where strengths are to choose from, as that takes folds of its own");
      const threshold = readThreshold(reader, block.threshold);
      return { kind: "probe", folds, strengths: strengths ?? defaultStrengths, threshold };
    },
  },
};

/** CT-CLIP's. */
const defaultRecall = [5, 10, 50, 100];
const defaultMap = [1, 5, 10, 50];
const defaultFolds = 5;
const defaultStrengths = [0.01, 0.1, 1, 10, 100];

function readRanks(reader: TaskReader, name: "recall" | "map", otherwise: readonly number[]): readonly number[] {
  const expected = "a list of different whole numbers above 0";
  const isRank = (value: number): boolean => Number.isSafeInteger(value) && value > 0;
  const ranks = reader.numbers(name, null, expected, isRank);
  if (ranks !== null && new Set(ranks).size < ranks.length) reader.refuse(name, expected);
  return ranks ?? otherwise;
}

const kinds = ["zero_shot", "retrieval", "classify", "probe"] as const satisfies readonly EvalTask["kind"][];
const expectedTasks = "a list of `zero_shot(...)`, `retrieval(...)`, `classify(...)` and `probe(...)`";

/** Reads `tasks` of the `eval` block, whose other settings were read before; `lets` are the names of the model's lets. */
export function readTasks(
  reader: Pick<SettingReader<"tasks" | NeededSetting>, "calls" | "has" | "hasRefused">,
  block: TaskBlock,
  lets: readonly string[],
): { readonly tasks: readonly EvalTask[]; readonly diagnostics: readonly Diagnostic[] } {
  if (!reader.has("tasks")) {
    const tasks = unsetForEvaluation(block) === null ? [defaultTask(block)] : [];
    return { tasks, diagnostics: [] };
  }
  const diagnostics: Diagnostic[] = [];
  const named = new Map<string, Span>();
  const tasks = reader.calls("tasks", kinds, expectedTasks).flatMap((written): readonly EvalTask[] => {
    const kind = kinds.find((each) => each === written.name);
    if (kind === undefined) return [];
    const own = taskKinds[kind];
    const ofTask = new SettingReader<ArgumentName>(callOf(written, own.arguments[0]), kind, own.arguments);
    const name = readName(ofTask) ?? kind;
    const task = own.read(ofTask, { block, lets, span: written.span });
    const unsaid = unsaidVolumes(ofTask.expression("threshold"));
    diagnostics.push(...ofTask.diagnostics, ...unsaid);
    const missing = unsetForTask(block, { kind });
    if (missing !== null && !reader.hasRefused(missing))
      diagnostics.push(report("task-without-setting", written.span, { task: kind, missing }));
    const earlier = named.get(name);
    if (earlier !== undefined) {
      const labels = [{ span: earlier, message: "the first one" }];
      diagnostics.push(report("duplicate-task", written.span, { name }, { labels }));
    } else named.set(name, written.span);
    return task === null ? [] : [{ ...task, name }];
  });
  return { tasks, diagnostics };
}

function defaultTask({ prompts, threshold }: TaskBlock): ZeroShotTask {
  return { kind: "zero_shot", name: "zero_shot", prompts, average: "latent", threshold };
}

/** Null where it is not given. Folders of results are called by it. */
function readName(reader: TaskReader): string | null {
  const name = reader.optionalString("name");
  if (name === null || /^[a-z0-9_-]+$/.test(name)) return name;
  reader.refuse("name", "small letters, digits, `_` and `-`, as a folder of results is called by it");
  return null;
}

/** A task as a call of named arguments: the first argument of `classify(logits)` needs no name. */
function callOf({ name, call, span }: NamedCall & { readonly span: Span }, first: ArgumentName): Call {
  const callee: Expression = { kind: "name", text: name ?? "", span };
  if (call === null) return { kind: "call", callee, arguments: [], span };
  if (name !== "classify") return call;
  const [given, ...others] = call.arguments;
  if (given === undefined || given.name !== null) return call;
  return { ...call, arguments: [{ ...given, name: { text: first, span: given.span } }, ...others] };
}

/** Tasks as a spec has them, without what they take from the block. */
export function printTasks(tasks: readonly EvalTask[], block: Pick<TaskBlock, "prompts" | "threshold">): string {
  return `[${tasks.map((task) => printTask(task, block)).join(", ")}]`;
}

function printTask(task: EvalTask, block: Pick<TaskBlock, "prompts" | "threshold">): string {
  const named: (readonly [string, string, string])[] = [["name", JSON.stringify(task.name), JSON.stringify(task.kind)]];
  switch (task.kind) {
    case "zero_shot":
      named.push(["prompts", printPrompts(task.prompts), printPrompts(block.prompts)]);
      named.push(["average", task.average, "latent"]);
      break;
    case "retrieval":
      named.push(["recall", printNumbers(task.recallAt), printNumbers(defaultRecall)]);
      named.push(["map", printNumbers(task.mapAt), printNumbers(defaultMap)]);
      break;
    case "classify":
      break;
    case "probe":
      named.push(["folds", String(task.folds), String(defaultFolds)]);
      named.push(["strengths", printNumbers(task.strengths), printNumbers(defaultStrengths)]);
      break;
  }
  if (task.kind !== "retrieval")
    named.push(["threshold", printThreshold(task.threshold), printThreshold(block.threshold)]);
  const given = named.flatMap(([name, value, otherwise]) => (value === otherwise ? [] : [`${name} = ${value}`]));
  return `${task.kind}(${[...(task.kind === "classify" ? [task.logits] : []), ...given].join(", ")})`;
}

function printNumbers(numbers: readonly number[]): string {
  return `[${numbers.join(", ")}]`;
}
