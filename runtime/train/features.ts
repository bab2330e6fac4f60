import { createHash } from "node:crypto";
import { setImmediate as letOthersRun } from "node:timers/promises";
import { elementCount, type Features, printProgram } from "../../compiler/index.ts";
import type { Engine } from "../backends/index.ts";
import { BadVolumeError, type Batches } from "./batches.ts";
import { readFeatures, writeFeatures } from "./feature-cache.ts";
import { FeatureTable } from "./feature-table.ts";

export interface FeatureOptions {
  readonly engine: Engine;
  readonly features: Features;
  /** Rows that the program takes. */
  readonly rows: number;
  readonly examples: number;
  readonly batches: Batches;
  /** Where features are kept for other trainings; null keeps none. */
  readonly folder: string | null;
  /** What they follow from besides the program: weights, data, seed, precision. */
  readonly identity: string;
  readonly tell: (done: number) => void;
  readonly isStopped: () => boolean;
}

export type ComputedFeatures =
  | { readonly kind: "table"; readonly table: FeatureTable; readonly from: "cache" | "volumes" }
  | { readonly kind: "stopped" }
  | { readonly kind: "bad"; readonly error: BadVolumeError };

/**
 * Computes the features of all examples, in their order and always in the same groups, so that the same training has the
 * same numbers; or takes them from an earlier training of the same frozen part.
 */
export async function computeFeatures(options: FeatureOptions): Promise<ComputedFeatures> {
  const { engine, features, rows, examples, batches, folder, identity } = options;
  const widths = new Map(
    [...features.program.outputs].map(([name, { type }]) => [name, elementCount(type) / rows] as const),
  );
  const key = createHash("sha256")
    .update(JSON.stringify([engine.backend, printProgram(features.program), identity]))
    .digest("hex");
  const width = [...widths.values()].reduce((sum, each) => sum + each, 0);
  const known = folder === null ? null : readFeatures(folder, key, width * examples);
  if (known !== null) return { kind: "table", table: new FeatureTable(widths, examples, known), from: "cache" };
  const table = new FeatureTable(widths, examples);
  for (let from = 0; from < examples; from += rows) {
    // The last group is filled with the last example.
    const groupAt = (start: number): readonly number[] =>
      Array.from({ length: rows }, (_, row) => Math.min(start + row, examples - 1));
    const group = groupAt(from);
    try {
      const inputs = await batches.featureInputs(group, from + rows < examples ? groupAt(from + rows) : []);
      table.store(group, await engine.run("features", inputs));
    } catch (error) {
      if (error instanceof BadVolumeError) return { kind: "bad", error };
      throw error;
    }
    options.tell(Math.min(from + rows, examples));
    await letOthersRun();
    if (options.isStopped()) return { kind: "stopped" };
  }
  if (folder !== null && !batches.hasBad) writeFeatures(folder, key, table.all);
  return { kind: "table", table, from: "volumes" };
}
