import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ComparedRuns, RetrievalEvaluation, TaskResult } from "../../evaluate/index.ts";
import { attempt, writeAtomically } from "../../files/index.ts";
import { ok, type Result } from "../../text/index.ts";
import type { Reporter } from "../reporter.ts";
import { compareEvaluations, type DrawCases, type NamedEvaluation } from "./comparison-page.ts";
import type { EvaluatedRun } from "./evaluate-run.ts";

/** What several came to in one task, side by side; each is held against the first. */
export type ComparedTask =
  | {
      readonly kind: "scores";
      readonly task: string;
      readonly labels: readonly string[];
      readonly compared: ComparedRuns;
    }
  | {
      readonly kind: "retrieval";
      readonly task: string;
      readonly compared: readonly { readonly label: string; readonly evaluation: RetrievalEvaluation }[];
    };

export interface ComparedEvaluations {
  readonly tasks: readonly ComparedTask[];
  /** The names of the pages in the folder of results, unless they could not be written. */
  readonly files: Result<readonly string[]>;
}

/** Compares what was evaluated in one call, task by task, and writes a page for each task that scores classes. */
export async function compareEvaluated(
  runs: readonly EvaluatedRun[],
  title: string,
  { output, drawCases }: { readonly output: string | null; readonly drawCases: DrawCases },
  reporter: Pick<Reporter, "note">,
): Promise<ComparedEvaluations> {
  const [first] = runs;
  const tasks: ComparedTask[] = [];
  const pages: (readonly [string, string])[] = [];
  for (const { task } of first?.results ?? []) {
    const { name } = task;
    const found = runs.flatMap(({ label, warnings, results }) =>
      results.flatMap((result) => (result.task.name === name ? [{ label, warnings, result }] : [])),
    );
    if (task.kind === "retrieval") {
      tasks.push({ kind: "retrieval", task: name, compared: found.flatMap(retrievalOf) });
      continue;
    }
    const named = found.flatMap(scoresOf);
    if (new Set(named.map(({ scores }) => scores.classes.join("\n"))).size > 1) {
      reporter.note(`${name}: not compared, since not the same classes have scores`);
      continue;
    }
    const { page, ...compared } = await compareEvaluations(title, named, output === null ? undefined : drawCases);
    tasks.push({ kind: "scores", task: name, labels: named.map(({ label }) => label), compared });
    pages.push([pages.length === 0 ? "compare.html" : `compare-${name}.html`, page]);
  }
  if (output === null) return { tasks, files: ok([]) };
  const saved = attempt(output, () => {
    mkdirSync(output, { recursive: true });
    for (const [name, page] of pages) writeAtomically(join(output, name), page);
  });
  return { tasks, files: saved.kind === "failed" ? saved : ok(pages.map(([name]) => name)) };
}

interface LabelledResult {
  readonly label: string;
  readonly warnings: readonly string[];
  readonly result: TaskResult;
}

function scoresOf({ label, warnings, result }: LabelledResult): readonly NamedEvaluation[] {
  return result.kind === "scores" ? [{ label, warnings, evaluation: result.evaluation, scores: result.scores }] : [];
}

function retrievalOf({ label, result }: LabelledResult) {
  return result.kind === "retrieval" ? [{ label, evaluation: result.evaluation }] : [];
}
