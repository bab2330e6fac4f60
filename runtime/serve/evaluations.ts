import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { decodeStepEvaluation, evaluateScores, loggedValues, overallMetrics } from "../evaluate/index.ts";
import { readFileText } from "../files/index.ts";
import type { Evaluated } from "./wire.ts";

/** Bytes of an evaluation's file that is read: scores of some hundred thousand volumes. */
const largestFile = 2 ** 26;

/** Evaluations of one run; of more, the first are shown. */
const mostEvaluations = 2000;

/** After so long without a change a folder is what it was seen to be. */
const settledMs = 2000;

/** Files that are read before others are looked at. */
const filesAtOnce = 8;

/** What was measured during a training, each file read once. */
export class EvaluationFiles {
  private readonly folder: string;
  private seenAt: number | null = null;
  private readonly read = new Map<string, { readonly mark: string; readonly evaluated: Evaluated | null }>();

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Reads what came, and gives whether anything did. */
  async refresh(): Promise<boolean> {
    // Files come by being renamed, which changes their folder; within its clock's steps it may change twice.
    const changedAt = (await stat(this.folder).catch(() => null))?.mtimeMs ?? null;
    if (changedAt === this.seenAt) return false;
    const names = await this.names();
    let changes = 0;
    for (const name of this.read.keys()) {
      if (names.includes(name)) continue;
      this.read.delete(name);
      changes++;
    }
    for (const name of names) {
      if (changes >= filesAtOnce) break;
      const path = join(this.folder, name);
      const status = await stat(path).catch(() => null);
      if (status === null) continue;
      const mark = `${status.ino} ${status.size} ${status.mtimeMs}`;
      if (this.read.get(name)?.mark === mark) continue;
      this.read.set(name, { mark, evaluated: readEvaluation(path, name) });
      changes++;
    }
    const isSettled = changedAt === null || Date.now() - changedAt > settledMs;
    if (changes < filesAtOnce && isSettled) this.seenAt = changedAt;
    return changes > 0;
  }

  /** By their steps. */
  all(): readonly Evaluated[] {
    const found = [...this.read.values()].flatMap(({ evaluated }) => evaluated ?? []);
    return found.sort((a, b) => a.step - b.step);
  }

  private async names(): Promise<readonly string[]> {
    const names = await readdir(this.folder).catch((): string[] => []);
    return names
      .filter((name) => /^step-\d{8,16}\.json$/.test(name))
      .sort()
      .slice(0, mostEvaluations);
  }
}

/** The numbers of an evaluation, without the intervals, which take long; null for a file that is damaged or being written. */
function readEvaluation(path: string, name: string): Evaluated | null {
  let text: string;
  try {
    text = readFileText(path, largestFile);
  } catch {
    return null;
  }
  const kept = decodeStepEvaluation(text);
  if (kept === null) return null;
  const scored = kept.scores === null ? null : evaluateScores({ ...kept.scores, bootstrap: null });
  const values = [...loggedValues({ scored, loss: kept.loss })].map(
    ([logged, value]) => [titleOf(logged), Number.isFinite(value) ? value : null] as const,
  );
  return { step: Number(name.slice("step-".length, -".json".length)), values };
}

const titles: ReadonlyMap<string, string> = new Map(overallMetrics.map(([name, title]) => [`valid/${name}`, title]));

/** `mean AUROC`, `AUROC: Emphysema`, `loss`. */
function titleOf(logged: string): string {
  return titles.get(logged) ?? logged.replace(/^valid\//, "").replace(/^auroc\//, "AUROC: ");
}
