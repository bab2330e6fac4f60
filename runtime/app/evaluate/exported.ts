import { backendNamed, type Engine, enginePrograms, passesOf } from "../../backends/index.ts";
import { type ExportedModels, findExported } from "../../backends/onnx/index.ts";
import type { ModelContract } from "../../data/index.ts";
import type { CompiledSpec } from "../compiled-spec.ts";
import type { Reporter } from "../reporter.ts";
import { contractDisagreements } from "../weights/contract-agreement.ts";

/**
 * Exported models, by their folders, that can be evaluated instead of a spec's weights; null after reporting which one takes or gives
 * something else than the spec's encoders, or was trained on something else.
 */
export function findExports(
  { spec }: Pick<CompiledSpec, "spec">,
  folders: readonly string[],
  contract: ModelContract,
  reporter: Pick<Reporter, "problem" | "diagnostics">,
): ReadonlyMap<string, ExportedModels> | null {
  const backend = folders.length === 0 ? null : backendNamed("onnx");
  const programs = backend === null ? [] : (enginePrograms(spec, passesOf(backend), "encode") ?? []);
  const exports = new Map<string, ExportedModels>();
  for (const folder of folders) {
    const found = findExported(folder, programs);
    if (found.kind === "failed") {
      reporter.problem(found.problem);
      continue;
    }
    const { files, metadata } = found.value;
    const differing = files.flatMap((file, place) =>
      contractDisagreements(file, { metadata: metadata[place] ?? new Map() }, () => contract),
    );
    if (differing.length > 0) reporter.diagnostics(differing);
    else exports.set(folder, found.value);
  }
  return exports.size < new Set(folders).size ? null : exports;
}

/** Opens the exported models of a folder. */
export async function openExport(
  folder: string,
  exports: ReadonlyMap<string, ExportedModels>,
  reporter: Pick<Reporter, "progress" | "progressEnd">,
): Promise<{ readonly engine: Engine; readonly remark: null }> {
  const models = exports.get(folder);
  if (models === undefined) throw new Error("invariant: exported models are found before they are opened");
  reporter.progress("loading");
  const engine = await models.open().finally(reporter.progressEnd);
  return { engine, remark: null };
}
