import { join } from "node:path";
import {
  type FileSystem,
  type Holder,
  kindOfPath,
  machineFiles,
  readFileBytes,
  syncFolder,
  takeLock,
  writeAtomically,
} from "../../files/index.ts";
import { failed, ok, type Problem, type Result } from "../../text/index.ts";
import { type Manifest, manifestName, readManifest } from "../layouts/index.ts";
import { TarWriter } from "./tar-writer.ts";

const lockName = "pack.lock";

/** What killed processes left half-written. */
const temporaryName = /^\.(?:.+\.tar|shards\.json|vocab\.txt|tokenizer\.json|pack\.lock)\.\d+\.tmp$/;

/** The folder that shards are written into, which this process has for itself. Its methods throw what the file system says. */
export class PackFolder {
  readonly path: string;
  /** What was packed into it before. */
  readonly before: Manifest | null;
  private readonly files: FileSystem;
  private readonly release: () => void;

  private constructor(path: string, before: Manifest | null, files: FileSystem, release: () => void) {
    this.path = path;
    this.before = before;
    this.files = files;
    this.release = release;
  }

  /** Makes the folder and takes it; refuses one that has something else in it, or that another process has. */
  static open(path: string, files: FileSystem = machineFiles): Result<PackFolder> {
    if (!isOurs(path, files)) {
      const message = "it is not empty, and its contents are not from `medctc data pack`";
      return failed({ subject: path, message, help: "choose a folder that is empty or does not exist" });
    }
    files.makeFolder(path);
    const lock = takeLock(join(path, lockName), files);
    if (lock.kind === "held") return failed(heldBy(lock.holder, join(path, lockName)));
    const before = readManifest(path);
    if (before.kind === "failed") {
      lock.release();
      return failed({ ...before.problem, help: "remove it to pack everything again" });
    }
    for (const name of files.list(path)) if (temporaryName.test(name)) files.remove(join(path, name));
    return ok(new PackFolder(path, before.value, files, lock.release));
  }

  shard(name: string): TarWriter {
    const temporary = join(this.path, `.${name}.${process.pid}.tmp`);
    return new TarWriter({ folder: this.path, path: join(this.path, name), temporary }, this.files);
  }

  writeManifest(manifest: Manifest): void {
    writeAtomically(join(this.path, manifestName), `${JSON.stringify(manifest, null, 2)}\n`, this.files);
    syncFolder(this.path, this.files);
  }

  /** Copies a small file of the data set, such as its vocabulary. */
  copy(from: string, name: string, limitBytes: number): void {
    writeAtomically(join(this.path, name), readFileBytes(from, limitBytes), this.files);
  }

  /** Removes what an earlier packing had more of. */
  removeOthers(names: ReadonlySet<string>): void {
    for (const { name } of this.before?.shards ?? []) {
      if (!names.has(name)) this.files.remove(join(this.path, name));
    }
  }

  /** Gives the folder back. */
  close(): void {
    this.release();
  }
}

function isOurs(path: string, files: FileSystem): boolean {
  if (kindOfPath(path) !== "folder") return true;
  const names = files.list(path).filter((name) => name !== lockName && !temporaryName.test(name));
  return names.length === 0 || names.includes(manifestName);
}

function heldBy({ pid, host }: Holder, lock: string): Problem {
  const help = `wait for it, use another folder, or remove ${lock} if that process is gone`;
  return { subject: lock, message: `process ${pid} on ${host} is packing into this folder`, help };
}
