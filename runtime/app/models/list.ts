import { compileReported } from "../compiled-spec.ts";
import { done, type Ended, type Reporter, refused } from "../reporter.ts";
import { type ReferenceModel, referenceModels } from "./describe.ts";

/** A model that comes with the program, with what its plan counts and what its spec expects. */
export interface ListedModel extends Omit<ReferenceModel, "file"> {
  readonly parameters: number;
  readonly trainable: number;
  /** As they stand in the spec: `trainable = 1.67M`. */
  readonly expectations: readonly string[];
}

/** Progress is worth a line once it took that long. */
const quietMs = 1000;

/** Compiles the models that come with the program, in the order of their specs' paths. */
export function listModels(reporter: Reporter): Ended<readonly ListedModel[]> {
  const listed: ListedModel[] = [];
  const models = referenceModels();
  const start = performance.now();
  for (const { file, ...model } of models) {
    if (performance.now() - start > quietMs) {
      reporter.progress(`compiling ${model.path}, ${listed.length + 1} of ${models.length}`);
    }
    const compiled = compileReported({ spec: file, set: [] }, reporter);
    if (compiled === null) return refused;
    const { totals, expectations } = compiled.plan;
    listed.push({
      ...model,
      parameters: totals.total,
      trainable: totals.trainable,
      expectations: expectations.map(({ text }) => text),
    });
  }
  reporter.progressEnd();
  return done(listed);
}
