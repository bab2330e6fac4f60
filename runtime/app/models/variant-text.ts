import {
  createSource,
  type File,
  formatSource,
  printExpression,
  quote,
  type SettingsName,
} from "../../../grammar/index.ts";
import { placementLines } from "./placements.ts";
import type { StartingPoint } from "./start.ts";

/** What a new spec is to be. */
export interface NewSpec {
  /** The name of its model. */
  readonly name: string;
  /** Another rank than the base's. */
  readonly rank: number | null;
  /** The folder of its data set, from its own folder; null where `--data` is to name it. */
  readonly folder: string | null;
}

/** What is counted once it compiles. */
export interface Counts {
  readonly trainable: number;
  readonly base: number;
}

type Explained = readonly (readonly [setting: string, comment: string])[];

/** Settings of the base that are written out to be changed, each with what it does; those that the base leaves out are not. */
const trainSettings: Explained = [
  ["optimizer", "The learning rate is the first thing to try other values of: `medctc sweep` trains several."],
  ["schedule", "The steps over which the learning rate rises, and how it decays after them."],
  ["batch", "Examples of a step. A contrastive loss compares each with all others of its batch."],
  ["micro_batch", "Examples that are in memory at once. It changes memory and time, not results."],
  ["epochs", "Passes over the data."],
  ["seed", "The same seed gives the same run."],
];
const evalSettings: Explained = [
  ["tasks", "What is measured. Without this line it follows from the other settings."],
  ["prompts", "The texts that a volume or an image is compared with: the first says that a class is present."],
  ["classes", "The classes, as the columns of the table of labels are named."],
];

/**
 * A variant of a model as a spec to start from, formatted: its adapters and the settings that are most often changed, with comments
 * that explain them. Without counts, what it expects in the place of the base's expectations holds for every model.
 */
export function variantText(start: StartingPoint, { name, rank, folder }: NewSpec, counts: Counts | null): string {
  const { model, whole, kinds } = start;
  const placements = placementLines(whole, kinds, rank);
  const adapters =
    placements.length === 0
      ? [
          "# The base has no adapters: it trains parameters of the model itself, and `medctc params` lists them. To adapt it instead, freeze",
          '# them and place adapters, such as `lora(rank = 8) on vision.attn.qkv` with `import "std/lora"`.',
        ]
      : [
          "# Where adapters sit: `medctc explain` lists what a selector matches, and `medctc place` finds placements that meet a budget.",
          ...placements,
        ];
  const expectations =
    counts === null
      ? ["expect base > 0"]
      : [
          "",
          "# Checked at each compile. Where adapters are changed, change the first number too; the error says what it is now.",
          `expect trainable = ${grouped(counts.trainable)}`,
          `expect base = ${grouped(counts.base)}`,
        ];
  const data =
    folder === null
      ? ['# The folder of the data set, from this file\'s own, as in folder = "../ct"; without it, `--data` names it.']
      : ["# The folder of the data set, from this file's own; `--data` names another.", `folder = ${quote(folder)}`];
  const lines = [
    `# A variant of ${model.name}, which comes with medctc: what is not written here is as it is there. \`medctc expand\` prints the whole.`,
    `import "${model.path}"`,
    "",
    ...block(`model ${name} amends ${model.name}`, [...adapters, ...expectations]),
    "# Training: `medctc train`. Each line has the base's value; without it, the base's holds as well.",
    ...block("train amends", settingLines(whole, "train", trainSettings)),
    "# `medctc data check` says what of a data set cannot be used, and why. How files are read and preprocessed is as in the base.",
    ...block("data amends", data),
    "# Evaluation: `medctc eval`.",
    ...block("eval amends", settingLines(whole, "eval", evalSettings)),
  ];
  const { text } = formatSource(createSource(`${name}.vlm`, lines.join("\n")));
  if (text === null) throw new Error("a new spec is written in the language");
  return text;
}

function block(head: string, lines: readonly string[]): readonly string[] {
  return [`${head} {`, ...lines, "}", ""];
}

function settingLines(whole: File, name: SettingsName, explained: Explained): readonly string[] {
  const blocks = whole.items.filter((item) => item.kind === "settings").filter((item) => item.block === name);
  const entries = new Map(blocks.flatMap((each) => each.entries).map((entry) => [entry.name.text, entry.value]));
  const lines = explained.flatMap(([setting, comment]) => {
    const value = entries.get(setting);
    return value === undefined ? [] : [`# ${comment}`, `${setting} = ${printExpression(value)}`];
  });
  return lines.length > 0 ? lines : ["# The base sets nothing here; the defaults hold."];
}

/** As specs write large numbers: `1_671_168`. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, "_");
}
