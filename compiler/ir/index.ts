export { Builder } from "./builder.ts";
export { memoizeDepthFirst } from "./depth-first.ts";
export { drawnNode, seedInput, siteOf } from "./draw.ts";
export { evaluate, type Given, neededFor, nodesUnder, type Precision, parametersIn } from "./evaluate.ts";
export { reachedByGradients } from "./gradient-reach.ts";
export { Graph, nodeLimit } from "./graph.ts";
export { NodeMap } from "./node-map.ts";
export { printProgram } from "./print.ts";
export { allNodesOf, flopsOfProgram, nodesOf, type Program } from "./program.ts";
export { rewrite } from "./rewrite.ts";
export {
  type BinaryName,
  byteCount,
  type CompareName,
  type Distribution,
  type DrawnValue,
  type Dtype,
  elementCount,
  type InitialValue,
  type Node,
  type Operation,
  type OperationName,
  type OperationOf,
  type Origin,
  printType,
  type TensorType,
  type UnaryName,
} from "./types.ts";
export { verify } from "./verify.ts";
