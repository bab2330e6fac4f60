import type { TracedSpec } from "../../compiler/index.ts";
import { bindInputs } from "./data-inputs.ts";
import { type ModelContract, modelContractOf } from "./model-contract.ts";

/** The contract of a spec by itself, without knowing any data. */
export function contractOfSpec(spec: TracedSpec): ModelContract {
  const inputs = bindInputs(spec);
  return modelContractOf(inputs.kind === "ok" ? inputs.value : { inputs: [] }, new Map());
}
