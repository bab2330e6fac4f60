import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  evaluationToJson,
  groupsToCsv,
  labelsToCsv,
  ranksToCsv,
  retrievalToJson,
  scoresToCsv,
  type TaskResult,
} from "../../evaluate/index.ts";
import { attempt, writeAtomically } from "../../files/index.ts";
import { ok, type Result } from "../../text/index.ts";

/**
 * Writes results into a folder: those of the first task that scores classes and the report into the folder itself, those of each further
 * task into one that is called by it. Gives the names of the files.
 */
export function saveEvaluation(
  folder: string,
  results: readonly TaskResult[],
  warnings: readonly string[],
  report: string,
): Result<readonly string[]> {
  const first = results.find(({ kind }) => kind === "scores");
  const files = results.flatMap((result) => {
    const prefix = result === first ? "" : `${result.task.name}/`;
    return filesOf(result, warnings).map(([name, content]) => [`${prefix}${name}`, content] as const);
  });
  const all = [...files, ["report.html", report] as const];
  const saved = attempt(folder, () => {
    for (const [name, content] of all) {
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeAtomically(path, content);
    }
  });
  return saved.kind === "failed" ? saved : ok(all.map(([name]) => name));
}

function filesOf(result: TaskResult, warnings: readonly string[]): readonly (readonly [string, string])[] {
  if (result.kind === "retrieval") {
    const { names, evaluation } = result;
    return [
      ["ranks.csv", ranksToCsv(names, evaluation)],
      ["results.json", retrievalToJson(evaluation, warnings)],
    ];
  }
  const { names, scores, classes, labels, groups } = result.scores;
  return [
    ["scores.csv", scoresToCsv(names, classes, scores, labels)],
    ["labels.csv", labelsToCsv(names, classes, labels)],
    ...(groups === undefined ? [] : [["groups.csv", groupsToCsv(names, groups)] as const]),
    ["results.json", evaluationToJson(result.evaluation, [...warnings, ...unscoredWarnings(result)])],
  ];
}

/** That classes have no scores, for one who reads numbers over all classes. */
export function unscoredWarnings(result: TaskResult): readonly string[] {
  if (result.kind !== "scores") return [];
  return result.unscored.map(({ name, why }) => `${result.task.name}: no scores of ${name}: ${why}`);
}
