import { expectMemory, type TracedSpec } from "../../../compiler/index.ts";
import type { Backend } from "../../backends/index.ts";
import { availableBytes } from "../../machine/index.ts";
import type { Reporter } from "../reporter.ts";
import { judgeMemory } from "./judge-memory.ts";

/** Whether there is room for a training step: what it is expected to take in words, where that is known. */
export type MemoryRoom =
  | { readonly kind: "room"; readonly line: string }
  | { readonly kind: "unknown" }
  | { readonly kind: "too-small" };

/** Reports what memory a training step is expected to take on a backend, or that not even its weights fit. */
export function findMemoryRoom(spec: TracedSpec, { memory }: Backend, reporter: Reporter): MemoryRoom {
  const expected = memory === null ? null : expectMemory(spec, memory);
  if (expected === null) return { kind: "unknown" };
  const judged = judgeMemory(expected, availableBytes());
  if (judged.kind === "failed") {
    reporter.problem(judged.problem);
    return { kind: "too-small" };
  }
  const { line, warning } = judged.value;
  reporter.info(line);
  if (warning !== null) reporter.warning(warning);
  return { kind: "room", line };
}
