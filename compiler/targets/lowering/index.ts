export {
  at,
  type ComputedOperation,
  isComputed,
  type Lowerings,
  type LoweringTo,
  lowerBy,
  stopGradient,
  type Value,
} from "./lowering.ts";
export { UniqueNames } from "./unique-names.ts";
export { countOf, filledTo, isDepthwise } from "./windows.ts";
