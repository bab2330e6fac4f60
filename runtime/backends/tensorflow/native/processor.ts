import { readFileSync } from "node:fs";
import type { Bf16Products } from "../../../../compiler/index.ts";

/** Instructions that multiply bf16, as Linux names them. */
const bf16Instructions = ["amx_bf16", "avx512_bf16"];

/**
 * How TensorFlow computes products of bf16 fastest here: where the processor has no instructions for them, its own way is
 * ten times as slow as products in f32.
 */
export function bf16ProductsHere(): Bf16Products {
  try {
    return bf16ProductsOf(readFileSync("/proc/cpuinfo", "utf8"));
  } catch {
    return "widened";
  }
}

/** The same for what /proc/cpuinfo says. */
export function bf16ProductsOf(processorInformation: string): Bf16Products {
  const [, flags = ""] = /^flags\s*:(.*)$/m.exec(processorInformation) ?? [];
  const known = new Set(flags.split(" "));
  return bf16Instructions.some((name) => known.has(name)) ? "native" : "widened";
}
