export { bundledFile, findBundledFile } from "./bundled.ts";
export { crc32 } from "./crc32.ts";
export { type FileSystem, machineFiles, readAll, readBytes, syncFolder, writeAll } from "./file-system.ts";
export { type Holder, holderOf, isRunning, takeLock } from "./lock.ts";
export { readLines } from "./read-lines.ts";
export { decodeText, firstBadByte, readText, type TextFile, whyUnread } from "./read-text.ts";
export { kindOfPath, readFileBytes, readFileText, withRegularFile } from "./regular-file.ts";
export { sha256Of } from "./sha256.ts";
export {
  type Attempt,
  attempt,
  errorCode,
  isSystemError,
  RefusedFile,
  reasonOf,
  type StorageProblem,
  storageProblem,
} from "./storage-problem.ts";
export { makeTemporaryFolder } from "./temporary-folder.ts";
export { removeQuietly, writeAtomically, writeDurably } from "./write-atomically.ts";
