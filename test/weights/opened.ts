import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTensors, type UnreadType } from "../../runtime/weights/index.ts";

/** What a file has, by the names of its tensors; or what is wrong with it, and what to do about it. */
export type Opened =
  | {
      readonly kind: "tensors";
      readonly tensors: ReadonlyMap<string, OpenedTensor>;
      readonly unread: readonly UnreadType[];
    }
  | { readonly kind: "wrong"; readonly problem: string; readonly help: string | null };

export interface OpenedTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** Opens a file and reads all of it. */
export function openWhole(path: string): Opened {
  const file = openTensors(path);
  if (file.kind === "wrong") return { kind: "wrong", problem: file.diagnostic.message, help: file.diagnostic.help };
  try {
    const tensors = [...file.tensors].map(([name, tensor]) => {
      const values: number[] = [];
      for (const piece of file.floats(tensor)) for (const value of piece) values.push(value);
      return [name, { dtype: tensor.dtype, shape: tensor.shape, values }] as const;
    });
    return { kind: "tensors", tensors: new Map(tensors), unread: file.unread };
  } finally {
    file.close();
  }
}

/** What is wrong with what was opened, and what to do about it; empty where nothing is said. */
export function wrongOf(opened: Opened): { readonly problem: string; readonly help: string } {
  return opened.kind === "wrong" ? { problem: opened.problem, help: opened.help ?? "" } : { problem: "", help: "" };
}

/** Opens some bytes as a file and reads all of it. */
export function openBytes(bytes: Uint8Array): Opened {
  const folder = mkdtempSync(join(tmpdir(), "medctc-weights-"));
  try {
    const path = join(folder, "file");
    writeFileSync(path, bytes);
    return openWhole(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What is wrong with some bytes; empty where nothing is. */
export function problemOf(bytes: Uint8Array): string {
  return wrongOf(openBytes(bytes)).problem;
}
