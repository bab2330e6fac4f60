import type { TracedSpec } from "../../../compiler/index.ts";
import { type Diagnostic, report } from "../../../grammar/index.ts";
import {
  contractKey,
  contractOfSpec,
  decodeContract,
  encodeContract,
  type ModelContract,
  modelDifferences,
  withOrientations,
} from "../../data/index.ts";
import { type OpenTensors, openTensors } from "../../weights/index.ts";
import { adapterFile } from "./adapter-file.ts";

/** What adapters in a file were trained on and a spec would not give them; nothing for a file without a record. */
export function contractDisagreements(
  file: string,
  { metadata }: Pick<OpenTensors, "metadata">,
  contract: () => ModelContract,
): readonly Diagnostic[] {
  const text = metadata.get(contractKey);
  if (text === undefined) return [];
  const recorded = decodeContract(text);
  if (recorded.kind === "failed") return [report("bad-tensor-file", file, { path: file, problem: recorded.problem })];
  return modelDifferences(recorded.value, contract()).map((difference) =>
    report("contract-differs", file, { ...difference }),
  );
}

/** The same of a file, or of a folder that has it, by its path; what else is wrong with it is said where it is used. */
export function adapterDisagreements(adapter: string | null, contract: ModelContract): readonly Diagnostic[] {
  if (adapter === null) return [];
  const file = adapterFile(adapter);
  const opened = openTensors(file);
  if (opened.kind === "wrong") return [];
  opened.close();
  return contractDisagreements(file, opened, () => contract);
}

/** What an export of a spec with some adapters records: what they were trained on, as far as the spec does not say it. */
export function exportedContract(spec: TracedSpec, adapter: string | null): string {
  return encodeContract(contractWith(spec, adapter));
}

/** The same as a value. */
export function contractWith(spec: TracedSpec, adapter: string | null): ModelContract {
  const own = contractOfSpec(spec);
  const opened = adapter === null ? null : openTensors(adapterFile(adapter));
  if (opened?.kind !== "tensors") return own;
  opened.close();
  const recorded = decodeContract(opened.metadata.get(contractKey) ?? "");
  return recorded.kind === "ok" ? withOrientations(own, recorded.value) : own;
}
