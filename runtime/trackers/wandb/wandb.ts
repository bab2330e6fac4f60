import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { kindOfPath, machineFiles, readAll, writeAtomically } from "../../files/index.ts";
import { failed, ok, type Problem, quoteShell, type Result } from "../../text/index.ts";
import { placeFile } from "../place-file.ts";
import type { TrackedRun } from "../tracked-run.ts";
import { cannotTake, type Tracker, type Written } from "../tracker.ts";
import { frameLog } from "./log-frames.ts";
import { encodeRun, wandbId } from "./run-records.ts";

const longestProject = 128;

/** W&B's folder of offline runs, `wandb`, which `wandb sync` uploads, and `wandb leet` shows without any account. */
export const wandb: Tracker = {
  name: "wandb",
  title: "Weights & Biases",
  nestsRuns: false,
  // What is synced leaves the machine, and reports name files of patients.
  defaultFiles: ["spec", "adapter"],
  open: (folder, project) => {
    const wrong = wrongProject(project);
    return wrong === null ? ok({ write: (run) => writeRun(folder, project, run) }) : failed(wrong);
  },
  next: (folder) => [`wandb leet ${quoteShell(folder)}`, `wandb sync ${quoteShell(join(folder, "offline-run-"))}*`],
};

function wrongProject(project: string): Problem | null {
  const isWrong = project.trim() === "" || [...project].length > longestProject || /[/\\#?%:\p{Cc}]/u.test(project);
  if (!isWrong) return null;
  const message = "the name is not one of a project";
  return {
    subject: "--experiment",
    message,
    help: `W&B takes 1 to ${longestProject} characters, without / \\ # ? % :`,
  };
}

function writeRun(root: string, project: string, run: TrackedRun): Result<Written> {
  // A lone half of a pair of UTF-16 is no character, and W&B reads nothing of a log that has one.
  const wrong = [...run.names].find((name) => /\p{Cs}/u.test(name));
  if (wrong !== undefined) {
    return failed(
      cannotTake(run, `the name of the metric \`${wrong}\` is not valid Unicode`, "correct it in metrics.jsonl"),
    );
  }
  const id = wandbId(run);
  const folder = join(root, folderOf(root, id) ?? `offline-run-${dateOf(run.startedAt)}-${id}`);
  mkdirSync(folder, { recursive: true });
  for (const file of run.files) placeFile(join(folder, "files"), file);
  const path = join(folder, `run-${id}.wandb`);
  // By it W&B knows that there is nothing to upload.
  const synced = `${path}.synced`;
  if (existsSync(synced)) {
    if (isSame(path, frameLog(encodeRun(run, project)))) return ok({ folder, notes: [] });
    machineFiles.remove(synced);
  }
  writeAtomically(path, frameLog(encodeRun(run, project)));
  return ok({ folder, notes: [] });
}

/** The folder of a run that was written before, whose start was known less well. */
function folderOf(root: string, id: string): string | null {
  const names = existsSync(root) ? readdirSync(root).sort() : [];
  return names.find((name) => name.startsWith("offline-run-") && name.endsWith(`-${id}`)) ?? null;
}

/** `20260131_235959`, in UTC, so that it is the same on each machine. */
function dateOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", "_").replaceAll(/[-:]/g, "");
}

/** Whether a file has these bytes. */
function isSame(path: string, pieces: Iterable<Uint8Array>): boolean {
  if (kindOfPath(path) !== "file") return false;
  const handle = machineFiles.open(path);
  try {
    let offset = 0;
    for (const piece of pieces) {
      const bytes = new Uint8Array(piece.length);
      if (!readAll(handle, bytes, offset, machineFiles) || Buffer.compare(bytes, piece) !== 0) return false;
      offset += piece.length;
    }
    return machineFiles.size(handle) === offset;
  } finally {
    machineFiles.close(handle);
  }
}
