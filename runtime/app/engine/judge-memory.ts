import { type ExpectedMemory, printBytes } from "../../../compiler/index.ts";
import { failed, listWords, ok, type Result } from "../../text/index.ts";

/** What to say before a run; the warning is null where all of it fits. */
export interface MemoryJudgement {
  readonly line: string;
  readonly warning: string | null;
}

/**
 * Holds the expected memory of a training step against what is available, in bytes. It fails where not even the
 * weights fit: a run that starts so would end with the system killing it.
 */
export function judgeMemory(expected: ExpectedMemory, availableBytes: number): Result<MemoryJudgement> {
  const { title, processBytes, variableBytes, peakBytes, recompute, precision } = expected;
  const available = printBytes(availableBytes);
  const bfloat = precision === "f32" ? ['`precision = "bf16"`'] : [];
  const fixedBytes = processBytes + variableBytes;
  if (fixedBytes > availableBytes) {
    return failed({
      subject: "",
      message: `the weights and ${title} need ${printBytes(fixedBytes)}, and ${available} are available`,
      help: `end other programs, or use ${listWords(["a machine with more memory", ...bfloat, "a smaller model"], "or")}`,
    });
  }
  const line = `expected peak ${printBytes(peakBytes)} of ${available} available`;
  if (peakBytes <= availableBytes) return ok({ line, warning: null });
  const layers = recompute === "none" ? ["`recompute = layers`"] : [];
  const ways = ["a smaller `batch`", ...layers, ...bfloat];
  return ok({ line, warning: `the run may run out of memory; use ${listWords(ways, "or")}` });
}
