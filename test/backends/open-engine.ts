import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { firstValuesOf, type TracedSpec, type Validation } from "../../compiler/index.ts";
import { type Engine, enginePrograms, modelOf, type ProgramBackend } from "../../runtime/backends/index.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-engine-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let opened = 0;

/** Opens a spec for training, with its first values. */
export async function openForTraining(
  backend: ProgramBackend,
  spec: TracedSpec,
  validation: Validation | null = null,
): Promise<Engine> {
  const programs = enginePrograms(spec, backend, "train", { validation });
  if (programs === null) throw new Error("the spec is trained");
  const first = firstValuesOf(spec.parameters, spec.settings.seed);
  return backend.open(modelOf(spec, programs), first, join(folder, String(opened++)));
}
