import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import {
  decodeStepEvaluation,
  encodeStepEvaluation,
  evaluationOf,
  type KeptEvaluation,
  type StepEvaluation,
} from "../../evaluate/index.ts";
import { type Attempt, attempt, errorCode, readFileText, writeAtomically } from "../../files/index.ts";

/** Keeps what was measured after a step in a training's folder, so that a training that goes on has its evaluations too. */
export function saveEvaluation(folder: string, step: number, kept: KeptEvaluation): Attempt<void> {
  const path = join(folder, `step-${String(step).padStart(8, "0")}.json`);
  return attempt(path, () => {
    mkdirSync(folder, { recursive: true });
    writeAtomically(path, encodeStepEvaluation(kept));
  });
}

/**
 * The evaluations of a training up to a step, by their steps, from the folder that they are kept in. What is no such file is
 * made again; throws what the file system says.
 */
export function readEvaluations(folder: string, lastStep: number): Map<number, StepEvaluation> {
  const evaluations = new Map<number, StepEvaluation>();
  for (const name of namesIn(folder).sort()) {
    const step = Number(/^step-(\d{8,16})\.json$/.exec(name)?.[1] ?? Number.NaN);
    const kept = step <= lastStep ? decodeStepEvaluation(readFileText(join(folder, name))) : null;
    if (kept !== null) evaluations.set(step, evaluationOf(kept));
  }
  return evaluations;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}
