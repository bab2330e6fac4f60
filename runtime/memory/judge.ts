import { type ExpectedMemory, printBytes } from "../../compiler/index.ts";

/** Why a run cannot start on this machine, and what to do about it. */
export class MemoryError extends Error {
  readonly help: string;

  constructor(problem: string, help: string) {
    super(problem);
    this.help = help;
  }
}

/** What to say before a run; the warning is null where all of it fits. */
export interface MemoryJudgement {
  readonly line: string;
  readonly warning: string | null;
}

/**
 * Holds the expected memory of a training step against what is available, in bytes. Throws a `MemoryError` where not even
 * the weights fit: a run that starts so would end with the system killing it.
 */
export function judgeMemory(expected: ExpectedMemory, availableBytes: number): MemoryJudgement {
  const { title, processBytes, variableBytes, peakBytes, recompute, precision } = expected;
  const available = printBytes(availableBytes);
  const bfloat = precision === "f32" ? ['`precision = "bf16"`'] : [];
  const fixedBytes = processBytes + variableBytes;
  if (fixedBytes > availableBytes) {
    throw new MemoryError(
      `the weights and ${title} need ${printBytes(fixedBytes)}, and ${available} are available`,
      `what helps: ending other programs, a machine with more memory, ${[...bfloat, "a smaller model"].join(", ")}`,
    );
  }
  const line = `expected peak ${printBytes(peakBytes)} of ${available} available`;
  if (peakBytes <= availableBytes) return { line, warning: null };
  const layers = recompute === "none" ? ["`recompute = layers`"] : [];
  const ways = ["a smaller `batch`", ...layers, ...bfloat];
  return { line, warning: `the run may end for want of memory; what helps: ${ways.join(", ")}` };
}
