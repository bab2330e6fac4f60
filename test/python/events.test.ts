import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, test } from "vitest";
import { EventLog } from "../../runtime/train/index.ts";
import { check, pythonWith } from "./environment.ts";

const tensorboard = "tensorboard==2.20.0";
const folder = mkdtempSync(join(tmpdir(), "medctc-events-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("TensorBoard reads the log of a run that was ended and resumed, and shows each step once", () => {
  // Its newest version still imports pkg_resources, which later setuptools do not have.
  const python = pythonWith(tensorboard, [tensorboard, "setuptools<81"]);
  logSteps({ lastStep: 0, steps: [1, 2, 3, 4], losses: [4, 3, 100, 100] });
  logSteps({ lastStep: 2, steps: [3, 4, 5, 6], losses: [2, 1, 0.5, 0.25] });
  check(python, "check_events.py", folder);
});

interface Part {
  /** The step of the checkpoint from which the run resumes. */
  readonly lastStep: number;
  readonly steps: readonly number[];
  readonly losses: readonly number[];
}

function logSteps({ lastStep, steps, losses }: Part): void {
  const seconds = 1_700_000_000 + 50 * lastStep;
  const opened = EventLog.open(folder, { seconds, host: "node", lastStep });
  if (opened.kind === "failed") throw new Error(opened.problem.message);
  for (const [index, step] of steps.entries()) {
    const values = new Map([
      ["train/loss", losses[index] ?? Number.NaN],
      ["train/learning_rate", 1e-4],
    ]);
    if (opened.value.append(step, seconds + step, values).kind === "failed") throw new Error("the log is written");
  }
  opened.value.close();
}
