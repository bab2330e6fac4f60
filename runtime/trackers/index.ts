export { trackers } from "./list.ts";
export { type EntryOf, type RunSpan, readTracked, sweepOf, sweepRun } from "./read-run.ts";
export { type FileKind, fileKinds, type Tracker, type TrackerFolder } from "./tracker.ts";
