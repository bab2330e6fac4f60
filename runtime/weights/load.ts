import { readFileSync } from "node:fs";
import { type Diagnostic, report } from "../../grammar/index.ts";
import { FormatError, readSafetensors, type StoredTensor } from "./safetensors.ts";

/** The tensors of a file by name, or what is wrong with it. */
export type LoadedTensors =
  | { readonly kind: "tensors"; readonly tensors: ReadonlyMap<string, StoredTensor> }
  | { readonly kind: "wrong"; readonly diagnostic: Diagnostic };

/** Reads a safetensors file as a whole. */
export function loadTensors(path: string): LoadedTensors {
  try {
    return { kind: "tensors", tensors: readSafetensors(path, readFileSync(path)) };
  } catch (error) {
    return wrongFile(path, error);
  }
}

/** What is wrong with a file that could not be read, or that does not keep to its format; throws what is neither. */
export function wrongFile(path: string, error: unknown): LoadedTensors & { readonly kind: "wrong" } {
  if (!(error instanceof FormatError) && !(error instanceof Error && "code" in error)) throw error;
  const problem = error instanceof FormatError ? error.problem : error.message;
  return { kind: "wrong", diagnostic: report("bad-tensor-file", path, { path, problem }) };
}
