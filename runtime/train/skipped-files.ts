import * as v from "valibot";
import {
  type Attempt,
  attempt,
  errorCode,
  type FileSystem,
  machineFiles,
  readBytes,
  writeAll,
  writeAtomically,
} from "../files/index.ts";
import { readOwnLines } from "../json/index.ts";
import type { Problem } from "../text/index.ts";

/** Bytes that such a list may have: some hundred thousand files. */
const longestList = 2 ** 26;

/**
 * The files that a training leaves out, one JSON object a line, so that a training that goes on can still list what was
 * found before.
 */
export class SkippedFiles {
  private readonly path: string;
  private readonly files: FileSystem;
  private readonly known: Map<string, Problem>;

  private constructor(path: string, known: Map<string, Problem>, files: FileSystem) {
    this.path = path;
    this.known = known;
    this.files = files;
  }

  /** Opens the list of a training that goes on, or starts a new one. What is no whole line goes. */
  static open(path: string, goesOn: boolean, files: FileSystem = machineFiles): Attempt<SkippedFiles> {
    return attempt(path, () => {
      if (!goesOn) files.remove(path);
      const text = goesOn ? new TextDecoder().decode(readList(path, files)) : "";
      const problems = readOwnLines(text, line).map(({ file, rule, help }) => ({ subject: file, message: rule, help }));
      const kept = problems.map(lineOf).join("");
      if (kept !== text) writeAtomically(path, kept, files);
      return new SkippedFiles(path, new Map(problems.map((problem) => [keyOf(problem), problem])), files);
    });
  }

  /** In the order in which they were found, each once. */
  list(): readonly Problem[] {
    return [...this.known.values()];
  }

  add(problem: Problem): Attempt<void> {
    return attempt(this.path, () => {
      if (this.known.has(keyOf(problem))) return;
      this.known.set(keyOf(problem), problem);
      const handle = this.files.append(this.path);
      try {
        writeAll(handle, new TextEncoder().encode(lineOf(problem)), this.files);
      } finally {
        this.files.close(handle);
      }
    });
  }
}

function keyOf({ subject, message }: Problem): string {
  return JSON.stringify([subject, message]);
}

function lineOf({ subject: file, message: rule, help }: Problem): string {
  return `${JSON.stringify({ file, rule, help })}\n`;
}

/** The bytes of a list; none when it is not there or is no such file. */
function readList(path: string, files: FileSystem): Uint8Array {
  try {
    return readBytes(path, longestList, files) ?? new Uint8Array();
  } catch (error) {
    if (errorCode(error) === "ENOENT") return new Uint8Array();
    throw error;
  }
}

const line = v.object({ file: v.string(), rule: v.string(), help: v.nullable(v.string()) });
