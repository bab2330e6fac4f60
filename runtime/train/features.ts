import { createHash } from "node:crypto";
import { setImmediate as letOthersRun } from "node:timers/promises";
import { elementCount, type Features, printProgram } from "../../compiler/index.ts";
import type { Engine } from "../backends/index.ts";
import { BadVolumeError, type Batches } from "./batches.ts";
import { readFeatures, writeFeatures } from "./feature-cache.ts";
import { FeatureTable } from "./feature-table.ts";

export interface FeatureOptions {
  readonly engine: Pick<Engine, "backend" | "run">;
  readonly features: Pick<Features, "program">;
  readonly examples: number;
  /** Examples that the training reads, by their numbers; all of them once one of these turns out to be bad. */
  readonly needed: readonly number[];
  readonly batches: Pick<Batches, "featureInputs" | "done" | "hasBad">;
  /** Where features are kept for other trainings; null keeps none. */
  readonly folder: string | null;
  /** What they follow from besides the program: weights, data, seed, precision. */
  readonly identity: string;
  readonly tell: (done: number, needed: number) => void;
  readonly isStopped: () => boolean;
}

export type ComputedFeatures =
  | { readonly kind: "table"; readonly table: FeatureTable; readonly from: "cache" | "volumes" }
  | { readonly kind: "stopped" }
  | { readonly kind: "bad"; readonly error: BadVolumeError };

/**
 * Computes the features of examples, each by itself, so that they are the same however many of them a training reads; or takes
 * them from an earlier training of the same frozen part.
 */
export async function computeFeatures(options: FeatureOptions): Promise<ComputedFeatures> {
  const { engine, features, examples, batches, folder, identity } = options;
  const widths = new Map([...features.program.outputs].map(([name, { type }]) => [name, elementCount(type)] as const));
  const key = createHash("sha256")
    .update(JSON.stringify([engine.backend, printProgram(features.program), identity]))
    .digest("hex");
  const width = [...widths.values()].reduce((sum, each) => sum + each, 0);
  const known = folder === null ? null : readFeatures(folder, key, width * examples);
  if (known !== null) return { kind: "table", table: new FeatureTable(widths, examples, known), from: "cache" };
  const table = new FeatureTable(widths, examples);
  const needed = [...options.needed];
  for (const [place, example] of needed.entries()) {
    try {
      const inputs = await batches.featureInputs(example, needed[place + 1] ?? null);
      table.store(example, await engine.run("features", inputs));
      batches.done(inputs);
    } catch (error) {
      if (error instanceof BadVolumeError) return { kind: "bad", error };
      throw error;
    }
    // Any other example may take the place of a bad one.
    if (batches.hasBad && needed.length < examples) needed.push(...othersThan(needed, examples));
    options.tell(place + 1, needed.length);
    await letOthersRun();
    if (options.isStopped()) return { kind: "stopped" };
  }
  if (folder !== null && needed.length === examples && !batches.hasBad) writeFeatures(folder, key, table.all);
  return { kind: "table", table, from: "volumes" };
}

function othersThan(known: readonly number[], examples: number): readonly number[] {
  const here = new Set(known);
  return Array.from({ length: examples }, (_, example) => example).filter((example) => !here.has(example));
}
