import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll } from "vitest";
import { inspectNative, nativeFiles } from "../../runtime/backends/tensorflow/native/index.ts";
import { writeDataset } from "../../runtime/data/synth/index.ts";

/** The backends that this machine can train on. */
export const backends: readonly ("tensorflow" | "onnx")[] =
  inspectNative(nativeFiles()).kind === "ready" ? ["tensorflow", "onnx"] : ["onnx"];

/** A folder with a data set of eight volumes to train on and six held out, and the small spec, which trains twelve steps. */
export class SmallTraining {
  readonly folder = mkdtempSync(join(tmpdir(), "medctc-training-"));
  readonly data = join(this.folder, "ct");
  readonly spec = join(this.folder, "tiny.vlm");
  private copies = 0;

  constructor() {
    writeDataset(this.data, { pairs: 8, valid: 6, seed: 1 }, () => undefined);
    writeFileSync(this.spec, readFileSync("test/train/tiny.vlm"));
    afterAll(() => rmSync(this.folder, { recursive: true }));
  }

  /** A path in the folder. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** The spec with something else in the place of what it says. */
  specWith(name: string, from: string, to: string): string {
    const text = readFileSync(this.spec, "utf8");
    if (!text.includes(from)) throw new Error(`the spec has no ${from}`);
    return this.write(name, text.replace(from, to));
  }

  /** Writes a file into the folder, and gives its path. */
  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.path(name), content);
    return this.path(name);
  }

  /** A copy of the data set, to be spoiled. */
  copyOfData(): string {
    const copy = this.path(`ct-${this.copies++}`);
    cpSync(this.data, copy, { recursive: true });
    return copy;
  }

  /** What `train` and `eval` are given; what follows counts more. */
  arguments(command: "train" | "eval", ...more: readonly string[]): readonly string[] {
    const cache = this.path("cache");
    return [command, this.spec, "--data", this.data, "--cache", cache, "--workers", "1", "--backend", "onnx", ...more];
  }
}

/** A command line that runs in a process of its own. */
export interface Started {
  readonly child: ChildProcess;
  /** Waits until standard error says it; rejects when the process ends before. */
  readonly says: (what: RegExp) => Promise<void>;
  readonly end: Promise<{ readonly code: number | null; readonly signal: string | null; readonly err: string }>;
}

export function start(commandLine: readonly string[]): Started {
  const child = spawn(process.execPath, [resolve("dist/medctc.js"), ...commandLine], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let err = "";
  const heard = new Set<() => void>();
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
    for (const listener of heard) listener();
  });
  const end = new Promise<{ code: number | null; signal: string | null; err: string }>((settle) =>
    child.on("close", (code, signal) => settle({ code, signal, err })),
  );
  const says = (what: RegExp): Promise<void> =>
    new Promise((settle, reject) => {
      const look = (): void => {
        if (what.test(err)) settle();
      };
      heard.add(look);
      look();
      void end.then(() => reject(new Error(`it ended without saying ${what}: ${err}`)));
    });
  return { child, says, end };
}
