import { expectMemory, type TracedSpec } from "../../compiler/index.ts";
import type { Backend } from "../backends/index.ts";
import { availableBytes, judgeMemory } from "../machine/index.ts";
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
  const judged = judgeMemory(expected, availableBytes());
  if (judged.kind === "failed") {
    fail(judged.problem.message, judged.problem.help, terminal);
    return { kind: "too-small" };
  }
  const { line, warning } = judged.value;
  terminal.err(`${line}\n${warning === null ? "" : `warning: ${warning}\n`}`);
  return { kind: "room", line };
}
