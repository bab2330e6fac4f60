import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, test } from "vitest";
import { evaluationOf, loggedValues } from "../../runtime/evaluate/index.ts";
import { prepareProgram } from "../cli/medctc.ts";
import { outputOf } from "../command.ts";
import { evaluationAfter, makeRun, makeSweep, record } from "../trackers/made-run.ts";
import { check, pythonWith } from "./environment.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-trackers-"));
afterAll(() => rmSync(folder, { recursive: true }));

const versions = "mlflow-skinny==3.17.2-wandb==0.31.0";
// The first without what its servers need; the store of runs in SQLite asks for the next two.
const packages = ["mlflow-skinny==3.17.2", "sqlalchemy==2.1.9", "alembic==1.20.1", "wandb==0.31.0"];

test("MLflow's client and W&B's reader give what a run logged, to the last bit", () => {
  prepareProgram();
  const python = pythonWith(versions, packages);
  const runs = join(folder, "runs");
  mkdirSync(runs);
  makeRun(join(runs, "odd"), { steps: 7, evaluated: [0, 2, 5] });
  makeRun(join(runs, "going"), { steps: 3, record: { ...record, end: null } });
  mkdirSync(join(runs, "going/run.lock"));
  writeFileSync(join(runs, "going/run.lock/holder.json"), JSON.stringify({ pid: 1, host: "elsewhere" }));
  // Its records end at each place of a block.
  makeRun(join(runs, "long"), { steps: 4000, evaluated: [0] });
  // Its records are longer than a block.
  const names = Array.from({ length: 700 }, (_, place) => `loss/${place}-${"ü".repeat(80)}`);
  makeRun(join(runs, "wide"), { steps: 3, evaluated: [], names });
  makeSweep(join(runs, "sweep"));
  writeFileSync(join(folder, "evaluated.json"), JSON.stringify(expectedEvaluations()));
  for (const tracker of ["mlflow", "wandb"]) {
    const given = ["odd", "going", "long", "wide", "sweep"].map((name) => join(runs, name));
    const flags = ["--to", tracker, "-o", join(folder, tracker), "--experiment", "Chest, ü: \u2028 1"];
    const experiment = tracker === "mlflow" ? flags : [...flags.slice(0, -1), "chest"];
    process.stdout.write(outputOf(process.execPath, ["dist/medctc.js", "track", ...given, ...experiment]));
  }
  check(python, "check_trackers.py", folder);
});

/** The numbers of the evaluation after each step, with the ends of the intervals of those that are logged. */
function expectedEvaluations(): unknown {
  return Array.from({ length: 6 }, (_, step) => {
    const evaluation = evaluationOf(evaluationAfter(step));
    const { overall, classes } = evaluation.scored ?? { overall: {}, classes: [] };
    const metrics = [
      ...Object.entries(overall).map(([name, metric]) => [name, metric] as const),
      ...classes.map(({ name, metrics: own }) => [`auroc/${name}`, own.auroc] as const),
    ];
    const intervals = metrics.flatMap(([name, metric]) =>
      metric.value === null || metric.interval === null
        ? []
        : [
            [`valid/${name}/low`, metric.interval.low],
            [`valid/${name}/high`, metric.interval.high],
          ],
    );
    return { values: [...loggedValues(evaluation)], intervals };
  });
}
