import { type Diagnostic, report } from "../../../grammar/index.ts";
import { neededFor } from "../../ir/index.ts";
import { layerCount } from "../../passes/index.ts";
import type { ExpectedMemory } from "../../plan/index.ts";
import type { TracedSpec } from "../../programs/index.ts";
import type { Recompute, TrainSettings } from "../../settings/index.ts";
import { printBytes } from "../../units.ts";
import { expectMemory } from "./expect.ts";

/** A training step in the memory that the spec allows. */
export interface Fitted {
  readonly settings: TrainSettings;
  readonly memory: ExpectedMemory;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Chooses `recompute` for the memory that a spec allows: `none` where that fits, or else the fewest layers with which it does; reports
 * where all layers are too few. Null where the spec allows any amount, and where the model has no loss.
 */
export function fitMemory(spec: TracedSpec): Fitted | null {
  const { settings } = spec;
  const limit = settings.memory;
  if (limit === null) return null;
  const choices = limit.choosesRecompute ? (["none", "layers"] as const) : [settings.recompute];
  let least: Choice | null = null;
  for (const recompute of choices) {
    const choice = choose(spec, recompute);
    if (choice === null) return null;
    if (choice.memory.peakBytes <= limit.bytes) {
      return { ...(least === null ? choice : withFewest(spec, least, choice, limit.bytes)), diagnostics: [] };
    }
    if (least === null || choice.memory.peakBytes < least.memory.peakBytes) least = choice;
  }
  if (least === null) return null;
  const params = { needed: printBytes(least.memory.peakBytes), allowed: printBytes(limit.bytes) };
  const help = helpFor(least.memory, { ...spec, settings: least.settings }, limit.bytes);
  const diagnostic = report("memory-exceeded", limit.span, params, { notes: notesOf(least.memory), help });
  return { ...least, diagnostics: [diagnostic] };
}

type Choice = Omit<Fitted, "diagnostics">;

function choose(spec: TracedSpec, recompute: Recompute): Choice | null {
  const settings = { ...spec.settings, recompute };
  const memory = expectMemory({ ...spec, settings });
  return memory === null ? null : { settings, memory };
}

/**
 * The choice with the fewest layers that fits, between none of them, which does not, and all. To expect the memory of a step takes
 * long, so each number that is tried is the one that would fit if each layer gave as much as another.
 */
function withFewest(spec: TracedSpec, none: Choice, all: Choice, limitBytes: number): Choice {
  let [tooFew, most] = [0, layerCount(neededFor(spec.losses))];
  let [over, fitting] = [none, all];
  while (most - tooFew > 1) {
    const given = over.memory.peakBytes - fitting.memory.peakBytes;
    const share = given > 0 ? (over.memory.peakBytes - limitBytes) / given : 1;
    const count = Math.min(Math.max(tooFew + Math.ceil(share * (most - tooFew)), tooFew + 1), most - 1);
    const choice = choose(spec, count);
    if (choice === null) return all;
    if (choice.memory.peakBytes <= limitBytes) [most, fitting] = [count, choice];
    else [tooFew, over] = [count, choice];
  }
  return fitting;
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
