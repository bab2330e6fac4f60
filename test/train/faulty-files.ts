import { type FileSystem, machineFiles } from "../../runtime/files/index.ts";

/** A file system that fails, and how often it was asked for something. */
export interface FaultyFiles {
  readonly files: FileSystem;
  readonly calls: () => number;
}

/**
 * The machine's file system, whose n-th call fails with an error of that name; with `lasting` so do all that follow, as
 * on a disk that is full or gone. What fails may have happened by half. Nothing waits for the disk.
 */
export function failingAt(n: number, code: string, lasting: boolean): FaultyFiles {
  let calls = 0;
  const fails = (): boolean => {
    calls++;
    return lasting ? calls >= n : calls === n;
  };
  const fail = (): never => {
    throw Object.assign(new Error(`${code}: made up`), { code });
  };
  /** Fails instead of doing the work. */
  const or = <Value>(work: () => Value): Value => (fails() ? fail() : work());
  const files: FileSystem = {
    makeFolder: (path) => or(() => machineFiles.makeFolder(path)),
    list: (path) => or(() => machineFiles.list(path)),
    create: (path, mode) => or(() => machineFiles.create(path, mode)),
    append: (path) => or(() => machineFiles.append(path)),
    open: (path) => or(() => machineFiles.open(path)),
    size: (handle) => or(() => machineFiles.size(handle)),
    read: (handle, into, at) => or(() => machineFiles.read(handle, into, at)),
    write: (handle, bytes) => {
      const isFailing = fails();
      // A disk takes what it can: half of it, always.
      const written = machineFiles.write(handle, bytes.subarray(0, Math.ceil(bytes.length / 2)));
      return isFailing ? fail() : written;
    },
    truncate: (handle, length) => or(() => machineFiles.truncate(handle, length)),
    sync: () => or(() => undefined),
    close: (handle) => {
      // Linux closes the file also where it says that it could not.
      machineFiles.close(handle);
      or(() => undefined);
    },
    rename: (from, to) => or(() => machineFiles.rename(from, to)),
    remove: (path) => or(() => machineFiles.remove(path)),
  };
  return { files, calls: () => calls };
}
