import { nodesOf, type Program } from "../ir/index.ts";

/** What can be true of a program between two passes. */
export type Property = "loss" | "no dropout" | "no stop_gradient";

/** How each property is checked. */
export const properties: Readonly<Record<Property, (program: Program) => boolean>> = {
  loss: ({ outputs }) => outputs.has("loss"),
  "no dropout": (program) => nodesOf(program).every(({ operation: { op } }) => op !== "dropout" && op !== "draw"),
  "no stop_gradient": (program) => nodesOf(program).every(({ operation }) => operation.op !== "stop_gradient"),
};
