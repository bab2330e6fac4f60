import { type Diagnostic, report } from "../../../grammar/index.ts";
import type { ExpectedMemory } from "../../plan/index.ts";
import type { TracedSpec } from "../../programs/index.ts";
import type { TrainSettings } from "../../settings/index.ts";
import { printBytes } from "../../units.ts";
import { expectMemory } from "./expect.ts";

/** A training step in the memory that the spec allows. */
export interface Fitted {
  readonly settings: TrainSettings;
  readonly memory: ExpectedMemory;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Chooses `recompute` for the memory that a spec allows: `none`, or `layers` where only that may fit; reports where
 * nothing does. Null where the spec allows any amount, and where the model has no loss.
 */
export function fitMemory(spec: TracedSpec): Fitted | null {
  const { settings } = spec;
  const limit = settings.memory;
  if (limit === null) return null;
  const choices = limit.choosesRecompute ? (["none", "layers"] as const) : [settings.recompute];
  let least: Omit<Fitted, "diagnostics"> | null = null;
  for (const recompute of choices) {
    const chosen = { ...settings, recompute };
    const memory = expectMemory({ ...spec, settings: chosen });
    if (memory === null) return null;
    if (memory.peakBytes <= limit.bytes) return { settings: chosen, memory, diagnostics: [] };
    if (least === null || memory.peakBytes < least.memory.peakBytes) least = { settings: chosen, memory };
  }
  if (least === null) return null;
  const params = { needed: printBytes(least.memory.peakBytes), allowed: printBytes(limit.bytes) };
  const help = helpFor(least.memory, { ...spec, settings: least.settings }, limit.bytes);
  const diagnostic = report("memory-exceeded", limit.span, params, { notes: notesOf(least.memory), help });
  return { ...least, diagnostics: [diagnostic] };
}

function notesOf({ title, processBytes, variableBytes, tensorBytes, at }: ExpectedMemory): readonly string[] {
  return [
    `${printBytes(tensorBytes)} for inputs, activations and gradients, which are most at ${at}`,
    `${printBytes(variableBytes)} for weights and the optimizer, ${printBytes(processBytes)} for ${title} itself`,
  ];
}

function helpFor({ processBytes, variableBytes }: ExpectedMemory, spec: TracedSpec, limitBytes: number): string {
  const { settings, trainable, parameters } = spec;
  const hasFrozen = trainable.size < parameters.length;
  const bfloat = settings.precision === "f32" ? ['`precision = "bf16"`'] : [];
  if (processBytes + variableBytes > limitBytes) {
    const ways = [...(hasFrozen ? bfloat : []), "fewer trainable parameters", "a smaller model"];
    return `the weights alone do not fit; what helps: ${ways.join(", ")}`;
  }
  const rows = settings.batch > 1 ? ["a smaller `batch`"] : [];
  const layers = settings.recompute === "none" ? ["`recompute = layers`"] : [];
  return `what helps: ${[...rows, ...layers, ...bfloat, "a smaller model"].join(", ")}`;
}
