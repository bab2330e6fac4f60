import { expectMemory, type TracedSpec } from "../../compiler/index.ts";
import type { Backend } from "../backends/index.ts";
import { availableBytes, judgeMemory, MemoryError } from "../memory/index.ts";
import { fail } from "./fail.ts";
import type { Terminal } from "./terminal.ts";

/** Whether there is room for a training step: what it is expected to take in words, where that is known. */
export type MemoryRoom =
  | { readonly kind: "room"; readonly line: string }
  | { readonly kind: "unknown" }
  | { readonly kind: "too-small" };

/** Says what memory a training step is expected to take on a backend, or that not even its weights fit. */
export function showMemoryRoom(spec: TracedSpec, { memory }: Backend, terminal: Terminal): MemoryRoom {
  const expected = memory === null ? null : expectMemory(spec, memory);
  if (expected === null) return { kind: "unknown" };
  try {
    const { line, warning } = judgeMemory(expected, availableBytes());
    terminal.err(`${line}\n${warning === null ? "" : `warning: ${warning}\n`}`);
    return { kind: "room", line };
  } catch (error) {
    if (!(error instanceof MemoryError)) throw error;
    fail(error.message, error.help, terminal);
    return { kind: "too-small" };
  }
}
