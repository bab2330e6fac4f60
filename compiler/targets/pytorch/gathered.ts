import { byteCount } from "../../ir/index.ts";
import { buildStep, inputsOf, sharedInputs, type TracedSpec } from "../../programs/index.ts";
import { cutOf } from "./cut.ts";
import { Facts } from "./facts.ts";
import { ModelParts } from "./parts.ts";

/**
 * Bytes of a row of a batch that the processes of a package hand to each other in a step: what its `embed` gives, and inputs that its
 * `compare` reads row by row. With `precision = "bf16"` some of the former may be half as large.
 */
export function gatheredRowBytes(spec: TracedSpec): number {
  const step = buildStep(spec);
  if (step === null) return 0;
  const facts = new Facts();
  const { embedded, compared } = cutOf(new ModelParts(spec.writtenWith(facts.watch), spec), facts);
  const shared = sharedInputs(spec);
  const values = [...embedded.values()].flatMap((expression) => facts.of(expression)?.node ?? []);
  const inputs = inputsOf(step).filter(({ name }) => compared.has(name) && !shared.has(name));
  const bytes = [...values, ...inputs].reduce((sum, { type }) => sum + byteCount(type), 0);
  return bytes / spec.settings.batch;
}
