import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import * as v from "valibot";
import { at } from "../../at.ts";
import { labelCell, labelOf, readTable } from "../../data/index.ts";
import { decodeScores, evaluateScores, type ThresholdPolicy } from "../../evaluate/index.ts";
import { readFileText } from "../../files/index.ts";
import { readOwnJson } from "../../json/index.ts";
import { failed, ok, type Problem, type Result } from "../../text/index.ts";
import { problem } from "../reporter.ts";

/** The scores of a run, by volume. */
export interface ScoredRun {
  readonly classes: readonly string[];
  /** By name: a score of each class, NaN where there is none. */
  readonly scores: ReadonlyMap<string, readonly number[]>;
  /** Null where nothing says them. */
  readonly labels: VolumeLabels | null;
  /** What is drawn together for intervals, by name; null where names alone say it. */
  readonly groups: ReadonlyMap<string, string> | null;
  /** What the numbers of the groups are of. */
  readonly by: string;
  /** How its thresholds came about; 0.5 where nothing says it. */
  readonly policy: ThresholdPolicy;
  /** From which score on a class is called present, by its name. */
  readonly thresholds: ReadonlyMap<string, number | null>;
  /** Why its numbers mean less than they seem to. */
  readonly warnings: readonly string[];
}

export interface VolumeLabels {
  readonly classes: readonly string[];
  readonly of: ReadonlyMap<string, readonly (boolean | null)[]>;
}

/** Reads the folder of `medctc eval -o` or of a training, of which it is the last evaluation, or a `scores.csv` by itself. */
export async function readRun(path: string): Promise<Result<ScoredRun>> {
  if (!existsSync(path)) return failed({ subject: path, message: "it does not exist", help: null });
  const isFolder = statSync(path).isDirectory();
  const scores = isFolder ? join(path, "scores.csv") : path;
  if (!isFolder || existsSync(scores)) return readEvaluation(isFolder ? path : null, scores);
  const kept = join(path, "evaluations");
  const last = existsSync(kept)
    ? readdirSync(kept)
        .filter((name) => /^step-\d+\.json$/.test(name))
        .sort()
        .at(-1)
    : undefined;
  if (last === undefined) {
    const help = "name a folder that `medctc eval -o` or `medctc train -o` wrote, or a scores.csv";
    return failed({ subject: path, message: "it contains no evaluation", help });
  }
  return readKept(join(kept, last));
}

function readKept(path: string): Result<ScoredRun> {
  const kept = decodeScores(readFileText(path));
  if (kept === null) return failed({ subject: path, message: "it has no scores of an evaluation", help: null });
  const { classes, names, scores, labels, groups } = kept;
  const found = evaluateScores({ ...kept, bootstrap: null });
  return ok({
    classes,
    scores: new Map(names.map((name, index) => [name, Array.from(at(scores, index))])),
    labels: { classes, of: new Map(names.map((name, index) => [name, at(labels, index)])) },
    groups: groups === undefined ? null : new Map(names.map((name, index) => [name, String(at(groups.of, index))])),
    by: groups?.by ?? "volume",
    policy: found.threshold,
    thresholds: new Map(found.classes.map(({ name, threshold }) => [name, threshold])),
    warnings: [],
  });
}

async function readEvaluation(folder: string | null, file: string): Promise<Result<ScoredRun>> {
  const read = await readByVolume(file, (cell) => (cell === "" ? Number.NaN : numberIn(cell)), "a number");
  if (read.kind === "failed") return read;
  const { classes, of } = read.value;
  const beside = (name: string): string | null => {
    const path = folder === null ? null : join(folder, name);
    return path !== null && existsSync(path) ? path : null;
  };
  const [labelsFile, groupsFile, resultsFile] = [beside("labels.csv"), beside("groups.csv"), beside("results.json")];
  const labels = labelsFile === null ? null : await readLabels(labelsFile);
  if (labels?.kind === "failed") return labels;
  const groups = groupsFile === null ? null : await readByVolume(groupsFile, (cell) => cell, "a group");
  if (groups?.kind === "failed") return groups;
  const about = resultsFile === null ? null : readOwnJson(readFileText(resultsFile), results);
  return ok({
    ...{ classes, scores: of },
    labels: labels?.value ?? null,
    groups: groups === null ? null : new Map([...groups.value.of].map(([name, cells]) => [name, cells.join()])),
    by: about?.bootstrap?.by ?? "volume",
    policy: about?.threshold ?? { kind: "fixed", value: 0.5 },
    thresholds: new Map(about?.classes.map(({ name, threshold }) => [name, threshold])),
    warnings: about?.warnings ?? [],
  });
}

const on = v.nullable(v.string());
const policy: v.GenericSchema<unknown, ThresholdPolicy> = v.variant("kind", [
  v.object({ kind: v.literal("fixed"), value: v.number() }),
  v.object({ kind: v.picklist(["youden", "best_f1"]), on }),
  v.object({ kind: v.literal("sensitivity"), atLeast: v.number(), on }),
]);

/** What is read of `results.json`; other versions' may have less. */
const results = v.object({
  warnings: v.optional(v.array(v.string()), []),
  bootstrap: v.fallback(v.nullable(v.object({ by: v.string() })), null),
  threshold: v.fallback(v.nullable(policy), null),
  classes: v.array(v.object({ name: v.string(), threshold: v.fallback(v.nullable(v.number()), 0.5) })),
});

/** Reads a table of labels: `labels.csv` of an evaluation, or the data set's own. */
export async function readLabels(file: string): Promise<Result<VolumeLabels>> {
  return readByVolume(
    file,
    (cell) => {
      const label = labelCell(cell);
      return label === null ? undefined : labelOf(label);
    },
    "0 or 1",
  );
}

/** A table with a row for each volume; `parse` gives undefined for a cell that is not `expected`. */
async function readByVolume<Value>(
  file: string,
  parse: (cell: string) => Value | undefined,
  expected: string,
): Promise<Result<{ readonly classes: readonly string[]; readonly of: ReadonlyMap<string, readonly Value[]> }>> {
  let classes: readonly string[] = [];
  let key = -1;
  const of = new Map<string, readonly Value[]>();
  const wrong: Problem[] = [];
  const read = await readTable(file, {
    wanted: ["VolumeName"],
    header: (columns) => {
      key = columns.indexOf("VolumeName");
      classes = columns.filter((_, place) => place !== key);
      return key >= 0;
    },
    row: (cells, line) => {
      const name = cells[key] ?? "";
      const where = `line ${line}`;
      if (of.has(name))
        wrong.push({ subject: file, message: `${where}: ${JSON.stringify(name)} is there twice`, help: null });
      const values: Value[] = [];
      for (const [place, cell] of cells.entries()) {
        if (place === key) continue;
        const value = parse(cell.trim());
        if (value === undefined) {
          wrong.push({ subject: file, message: `${where}: ${JSON.stringify(cell)} is not ${expected}`, help: null });
          return false;
        }
        values.push(value);
      }
      of.set(name, values);
      return wrong.length === 0;
    },
  });
  const [problemOfFile] = [...read.problems, ...wrong];
  if (problemOfFile !== undefined) return failed(problemOfFile);
  if (key < 0) return failed({ subject: file, message: "it has no column `VolumeName`", help: null });
  if (of.size === 0) return failed(problem(`${basename(file)} has no volumes`, "run `medctc eval -o` again"));
  return ok({ classes, of });
}

function numberIn(cell: string): number | undefined {
  const value = Number(cell);
  return Number.isFinite(value) ? value : undefined;
}
