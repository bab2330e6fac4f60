import { join } from "node:path";
import { contractKey } from "../data/index.ts";
import {
  errorCode,
  type FileSystem,
  machineFiles,
  readBytes,
  type StorageProblem,
  storageProblem,
  syncFolder,
  writeDurably,
} from "../files/index.ts";
import { failed, ok, type Result } from "../text/index.ts";
import { FormatError } from "../weights/index.ts";
import {
  decodeState,
  encodeState,
  NewerFormatError,
  type StoredState,
  type TrainingState,
} from "./checkpoint-state.ts";
import { readTensors, type TrainedTensor, writeTensors } from "./checkpoint-tensors.ts";
import { drawnKey } from "./drawn-values.ts";

/** All that a training needs to go on as if it had never stopped. */
export interface Checkpoint {
  readonly state: TrainingState;
  /** What is trained, by its names in checkpoints. */
  readonly parameters: ReadonlyMap<string, TrainedTensor>;
  /** The averages of what is trained, by the same names; empty where there are none. */
  readonly averages: ReadonlyMap<string, TrainedTensor>;
  /** What the optimizer keeps: `mean:`, `square:` or `velocity:` and the parameter's path. */
  readonly optimizer: ReadonlyMap<string, TrainedTensor>;
}

/** What was read, or why it was not. `DAMAGED` is what can never be read again, `NEWER` what this version cannot. */
export type Read<Value> = Result<Value, StorageProblem>;

export const adapterFile = "adapter.safetensors";
/** Averages of what is in the adapter's file, by the same names. */
export const averageFile = "adapter-ema.safetensors";
const optimizerFile = "optimizer.safetensors";
const stateFile = "state.json";

/** Bytes that a state may have: the text of a spec of 4 MiB, each character of it written as six, and room. */
const longestState = 2 ** 25;

/** Writes a checkpoint's files into a new folder, and waits until they are on disk. Throws what the file system says. */
export function writeCheckpoint(folder: string, checkpoint: Checkpoint, files: FileSystem): void {
  files.makeFolder(folder);
  const metadata = new Map(
    [contractKey, drawnKey].flatMap((key) => {
      const recorded = checkpoint.state.settings.get(key);
      return typeof recorded === "string" ? [[key, recorded] as const] : [];
    }),
  );
  const adapter = writeTensors(join(folder, adapterFile), checkpoint.parameters, files, metadata);
  const optimizer = writeTensors(join(folder, optimizerFile), checkpoint.optimizer, files);
  const records = new Map([
    [adapterFile, adapter],
    [optimizerFile, optimizer],
  ]);
  if (checkpoint.averages.size > 0) {
    records.set(averageFile, writeTensors(join(folder, averageFile), checkpoint.averages, files, metadata));
  }
  writeDurably(join(folder, stateFile), encodeState({ state: checkpoint.state, files: records }), files);
  syncFolder(folder, files);
}

/** Reads a checkpoint from its folder, every bit of it checked. It needs no lock: a checkpoint appears as a whole. */
export function readCheckpoint(folder: string, files: FileSystem = machineFiles): Read<Checkpoint> {
  return reading(folder, () => {
    const stored = loadState(folder, files);
    const tensors = (name: string): ReadonlyMap<string, TrainedTensor> => {
      const record = stored.files.get(name);
      if (record === undefined) throw new FormatError(join(folder, stateFile), `it does not say what ${name} is`);
      return readTensors(join(folder, name), record, files);
    };
    return {
      state: stored.state,
      parameters: tensors(adapterFile),
      averages: stored.files.has(averageFile) ? tensors(averageFile) : new Map(),
      optimizer: tensors(optimizerFile),
    };
  });
}

/** Reads and checks only where a checkpoint's training stood. */
export function readState(folder: string, files: FileSystem = machineFiles): Read<TrainingState> {
  return reading(folder, () => loadState(folder, files).state);
}

function loadState(folder: string, files: FileSystem): StoredState {
  const path = join(folder, stateFile);
  const bytes = readBytes(path, longestState, files);
  if (bytes === null) throw new FormatError(path, "its size is not one that a state can have");
  return decodeState(path, bytes);
}

/** What is missing from a checkpoint is as good as damaged: it was all there when the checkpoint appeared. */
const missing: ReadonlySet<string | null> = new Set(["ENOENT", "ENOTDIR", "EISDIR"]);

function reading<Value>(folder: string, work: () => Value): Read<Value> {
  try {
    return ok(work());
  } catch (error) {
    if (error instanceof NewerFormatError) {
      const message = `it was written by a newer medctc (${error.message})`;
      return failed({ subject: folder, code: "NEWER", message, help: "use the version that wrote it, or a later one" });
    }
    if (error instanceof FormatError) {
      return failed({ ...error.problem, code: "DAMAGED", help: damagedHelp });
    }
    const problem = storageProblem(folder, error);
    return failed(missing.has(errorCode(error)) ? { ...problem, code: "DAMAGED", help: damagedHelp } : problem);
  }
}

const damagedHelp = "an earlier checkpoint is used where there is one; the next one that is saved replaces this one";
