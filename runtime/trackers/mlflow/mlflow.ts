import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { kindOfPath, readFileText, writeAtomically } from "../../files/index.ts";
import { failed, ok, type Problem, quoteShell, type Result } from "../../text/index.ts";
import type { TrackedRun } from "../tracked-run.ts";
import type { Tracker, Written } from "../tracker.ts";
import { writeRun } from "./write-run.ts";
import { encodeMeta, nameInMeta } from "./yaml.ts";

const longestName = 500;

/** Bytes of an experiment's meta.yaml that is read. */
const longestMeta = 2 ** 20;

/**
 * MLflow's file store, `mlruns`, as every version reads it (mlflow/store/tracking/file_store.py); newer ones where
 * MLFLOW_ALLOW_FILE_STORE is set, or after `mlflow migrate-filestore` has made a database of it.
 */
export const mlflow: Tracker = {
  name: "mlflow",
  title: "MLflow",
  nestsRuns: true,
  defaultFiles: ["spec", "adapter", "report", "table"],
  open: (folder, experiment) => {
    const wrong = wrongName(experiment);
    if (wrong !== null) return failed(wrong);
    const root = resolve(folder);
    // Not before there is a run to write.
    let id: string | null = null;
    const write = (run: TrackedRun): Result<Written> => {
      id ??= experimentIn(root, experiment) ?? makeExperiment(root, experiment);
      return writeRun(join(root, id), id, run);
    };
    return ok({ write });
  },
  next: (folder) => [
    `MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri ${quoteShell(folder)}`,
    `mlflow migrate-filestore --source ${quoteShell(folder)} --target sqlite:///mlflow.db`,
  ],
};

function wrongName(experiment: string): Problem | null {
  const length = [...experiment].length;
  if (experiment.trim() !== "" && length <= longestName) return null;
  const message = length === 0 ? "the experiment's name is empty" : `the experiment's name has ${length} characters`;
  return { subject: "--experiment", message, help: `MLflow takes 1 to ${longestName} characters` };
}

/** The folder of an experiment that is there, be it MLflow's own. */
function experimentIn(root: string, experiment: string): string | null {
  if (!existsSync(root)) return null;
  for (const id of readdirSync(root).sort()) {
    const meta = join(root, id, "meta.yaml");
    if (/^\d+$/.test(id) && kindOfPath(meta) === "file" && nameInMeta(readFileText(meta, longestMeta)) === experiment)
      return id;
  }
  return null;
}

/** MLflow gives its experiments eighteen random digits; these follow from the name. */
function makeExperiment(root: string, experiment: string): string {
  const hash = createHash("sha256").update(`experiment\n${experiment}`).digest().readBigUInt64BE();
  const id = String(10n ** 17n + (hash % (9n * 10n ** 17n)));
  mkdirSync(join(root, id), { recursive: true });
  writeAtomically(
    join(root, id, "meta.yaml"),
    encodeMeta([
      ["artifact_location", pathToFileURL(join(root, id)).href],
      ["experiment_id", id],
      ["lifecycle_stage", "active"],
      ["name", experiment],
    ]),
  );
  return id;
}
