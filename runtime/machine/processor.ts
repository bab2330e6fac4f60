import { readFileSync } from "node:fs";
import { cpus } from "node:os";

/** The processor's name as the system has it. */
export function processorName(): string {
  return cpus()[0]?.model.trim() ?? "unknown processor";
}

/** Instruction sets that decide how fast matrix products are, by the flag that Linux has for each. */
const sets: ReadonlyMap<string, string> = new Map([
  ["avx2", "AVX2"],
  ["avx512f", "AVX-512"],
  ["avx512_bf16", "AVX-512 BF16"],
  ["amx_bf16", "AMX BF16"],
]);

/** Those of the instruction sets that this processor has; none where the system has no /proc/cpuinfo. */
export function instructionSets(read: () => string = () => readFileSync("/proc/cpuinfo", "utf8")): readonly string[] {
  let text: string;
  try {
    text = read();
  } catch {
    return [];
  }
  const flags = new Set(/^flags\s*:(.*)$/m.exec(text)?.[1]?.trim().split(" "));
  return [...sets].flatMap(([flag, name]) => (flags.has(flag) ? [name] : []));
}
