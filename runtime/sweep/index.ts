export { CacheGate, coldVolumes } from "./cold-volumes.ts";
export { deriveEntries, type Expected, type SweepEntry, specName, type WrongEntry } from "./derive.ts";
export { type EmittedJob, emitJobs } from "./jobs.ts";
export { encodeManifest, type Manifest, type ManifestEntry, manifestPath, readManifest } from "./manifest.ts";
export { renderSweep } from "./page.ts";
export { inFile } from "./problem.ts";
export { readSweep, type Sweep } from "./read-sweep.ts";
export { type CompiledEntry, type RunResult, readRun } from "./results.ts";
export { resultRows, rowsToCsv, rowsToJson, timesToCsv } from "./results-files.ts";
export { describeSchedule, type Job, runJobs } from "./schedule.ts";
export {
  entryFolder,
  isFinished,
  placeEntry,
  runFolder,
  runLog,
  writeChanged,
} from "./sweep-folder.ts";
export { readTree } from "./yaml-tree.ts";
