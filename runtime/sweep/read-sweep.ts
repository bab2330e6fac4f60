import { nearestText } from "../../grammar/index.ts";
import { failed, ok, type Result } from "../text/index.ts";
import { crossed, type EntryEdits, type NamedLines, named, type Unnamed } from "./entries.ts";
import type { PlacedProblem } from "./problem.ts";
import { SweepReader } from "./tree-reader.ts";
import { type Mapping, readTree, type Tree } from "./yaml-tree.ts";

/** What a sweep file says. Paths are as they are written: from the folder of the file. */
export interface Sweep {
  readonly spec: string;
  readonly data: string | null;
  readonly weights: string | null;
  readonly adapter: string | null;
  readonly vocab: string | null;
  readonly allowMissing: readonly string[];
  readonly skipBad: boolean;
  /** Empty for the seed that the spec says. */
  readonly seeds: readonly number[];
  /** What each run trains for; null for what the spec says. */
  readonly budget: { readonly unit: "steps" | "epochs"; readonly count: number } | null;
  /** With different names, also for file systems that do not tell `A` from `a`. */
  readonly entries: readonly EntryEdits[];
}

/** More are a slip: each takes a training. */
const mostEntries = 1000;

const keys = [
  ...["spec", "data", "weights", "adapter", "vocab", "allow_missing", "skip_bad"],
  ...["seeds", "steps", "epochs", "placements", "grid", "runs"],
];
const runKeys = ["name", "placement", "settings"];
const blocks = ["train", "data", "eval", "model"];

/** Reads the text of a sweep file. */
export function readSweep(text: string): Result<Sweep, readonly PlacedProblem[]> {
  const read = readTree(text);
  if (read.kind === "failed") return read;
  const reader = new SweepReader();
  const sweep = sweepOf(read.value, reader);
  const { problems } = reader;
  return sweep === null || problems.length > 0 ? failed(problems) : ok(sweep);
}

function sweepOf(tree: Tree, reader: SweepReader): Sweep | null {
  const file = reader.mapping(tree, "a sweep", keys);
  if (file === null) return null;
  const get = (name: string): Tree | undefined => file.entries.get(name)?.value;
  const spec = reader.text(get("spec"), "spec");
  if (!file.entries.has("spec")) reader.refuse(file, "no spec specified", "add `spec: FILE.vlm`");
  const steps = reader.count(get("steps"), "steps", 1);
  const epochs = reader.count(get("epochs"), "epochs", 1);
  const twice = file.entries.get("epochs");
  if (steps !== null && twice !== undefined) reader.refuse(twice.key, "`steps` and `epochs` exclude each other");
  const entries = entriesOf(file, reader);
  if (spec === null) return null;
  return {
    spec,
    data: reader.text(get("data"), "data"),
    weights: reader.text(get("weights"), "weights"),
    adapter: reader.text(get("adapter"), "adapter"),
    vocab: reader.text(get("vocab"), "vocab"),
    allowMissing: reader.texts(get("allow_missing"), "allow_missing"),
    skipBad: reader.flag(get("skip_bad"), "skip_bad"),
    seeds: reader.counts(get("seeds"), "seeds"),
    budget:
      steps !== null ? { unit: "steps", count: steps } : epochs !== null ? { unit: "epochs", count: epochs } : null,
    entries,
  };
}

function entriesOf(file: Mapping, reader: SweepReader): readonly EntryEdits[] {
  const placements = placementsOf(file.entries.get("placements")?.value, reader);
  const grid = file.entries.get("grid");
  const runs = file.entries.get("runs");
  const budget = ["steps", "epochs"].filter((name) => file.entries.has(name));
  if (runs !== undefined) {
    if (grid !== undefined) reader.refuse(grid.key, "`grid` and `runs` exclude each other");
    return named(runsOf(runs.value, placements, budget, reader));
  }
  const axes = grid === undefined ? [] : axesOf(grid.value, budget, reader);
  const count = axes.reduce((all, [, values]) => all * values.length, Math.max(1, placements.length));
  if (count > mostEntries) {
    reader.refuse(grid?.value ?? file, `these are ${count} entries, but at most ${mostEntries} are supported`);
    return [];
  }
  return named(crossed(placements, new Map(axes)));
}

/** Placements by their names, or lines whose names are made of them. */
function placementsOf(tree: Tree | undefined, reader: SweepReader): readonly NamedLines[] {
  if (tree === undefined) return [];
  if (tree.kind === "mapping") {
    return [...tree.entries.values()].flatMap(({ key, value }) => {
      const lines = reader.text(value, key.text);
      if (!isName(key.text)) reader.refuse(key, `\`${key.text}\` is not a valid file name`, nameHelp);
      return lines === null ? [] : [{ name: key.text, lines }];
    });
  }
  return reader.texts(tree, "placements").map((lines) => ({ name: null, lines }));
}

function axesOf(tree: Tree, budget: readonly string[], reader: SweepReader): readonly (readonly [string, string[]])[] {
  const what = "`grid` is a mapping from settings such as `train.batch` to lists of values";
  return reader.named(tree, what).flatMap(({ key, value }): readonly (readonly [string, string[]])[] => {
    if (!isSetting(key.text, budget, key, reader)) return [];
    if (value.kind !== "list" || value.items.length === 0) {
      reader.refuse(value, `\`${key.text}\` must be a list of values`, "write a list value as a list within that list");
      return [];
    }
    return [[key.text, value.items.flatMap((item) => reader.expression(item, key.text) ?? [])]];
  });
}

function runsOf(
  tree: Tree,
  placements: readonly NamedLines[],
  budget: readonly string[],
  reader: SweepReader,
): readonly Unnamed[] {
  const names = new Set<string>();
  return reader.list(tree, "runs").flatMap((item): readonly Unnamed[] => {
    const run = reader.mapping(item, "a run", runKeys);
    if (run === null) return [];
    const written = run.entries.get("name");
    const name = reader.text(written?.value, "name");
    if (written !== undefined && name !== null && !isName(name))
      reader.refuse(written.value, `\`${name}\` is not a valid file name`, nameHelp);
    if (written !== undefined && name !== null && names.has(name.toLowerCase()))
      reader.refuse(written.value, `another run is named \`${name}\``);
    if (name !== null) names.add(name.toLowerCase());
    const settings = new Map<string, string>();
    const given = run.entries.get("settings")?.value;
    const what = "`settings` is a mapping from settings such as `train.batch` to values";
    for (const { key, value } of given === undefined ? [] : reader.named(given, what)) {
      const expression = reader.expression(value, key.text);
      if (isSetting(key.text, budget, key, reader) && expression !== null) settings.set(key.text, expression);
    }
    return [{ name, placement: placementOf(run.entries.get("placement")?.value, placements, reader), settings }];
  });
}

/** A placement by its name, or lines of its own. */
function placementOf(
  tree: Tree | undefined,
  placements: readonly NamedLines[],
  reader: SweepReader,
): NamedLines | null {
  const text = reader.text(tree, "placement");
  if (tree === undefined || text === null) return null;
  const found = placements.find(({ name }) => name === text);
  if (found !== undefined) return found;
  if (!isName(text)) return { name: null, lines: text };
  const names = placements.flatMap(({ name }) => name ?? []);
  reader.refuse(tree, `there is no placement \`${text}\``, nearestText(text, names));
  return null;
}

function isSetting(name: string, budget: readonly string[], key: Tree, reader: SweepReader): boolean {
  // A `let` of the file; whether the spec has it is found when it is assigned.
  if (/^[A-Za-z_]\w*$/.test(name)) return true;
  const [, block = "", setting = ""] = /^([a-z]+)\.(\w+(?:\.\w+)?)$/.exec(name) ?? [];
  if (!blocks.includes(block)) {
    const meant = nearestText(block === "" ? name : block, blocks);
    reader.refuse(
      key,
      `\`${name}\` is not a setting`,
      meant ??
        "settings are named `train.batch`, `train.lr`, `data.size`, `eval.classes`, `model.lora.rank`, or by a `let` of the file",
    );
    return false;
  }
  const instead = name === "train.seed" ? "seeds" : budget.find((unit) => block === "train" && setting === unit);
  if (instead === undefined) return true;
  reader.refuse(key, `\`${name}\` is set by \`${instead}\` of the sweep`);
  return false;
}

const nameHelp = "names consist of letters, digits, `_`, `-` and `.`, and start with a letter or a digit";

function isName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/.test(text) && !text.endsWith(".");
}
