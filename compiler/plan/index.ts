export { adaptedBy } from "./adapted.ts";
export { estimateCost } from "./cost.ts";
export { flowOf } from "./flow.ts";
export { measuresOf } from "./measures.ts";
export { duplicateNames, makePlan } from "./plan.ts";
export type {
  ExpectedMemory,
  FlowUnit,
  Plan,
  PlannedFlow,
  PlannedParameter,
  PlannedPeftForm,
  PlannedTensor,
} from "./types.ts";
export { planToYaml } from "./yaml.ts";
