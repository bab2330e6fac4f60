import type { TensorType } from "../../../ir/index.ts";
import { type ComputedOperation, type Lowerings, lowerBy, stopGradient, type Value } from "../../lowering/index.ts";
import type { Target } from "./context.ts";
import { conv, convInput, convWeight } from "./convolution.ts";
import { cast, elementwise, floorDiv, where } from "./elementwise.ts";
import {
  broadcast,
  concat,
  constant,
  drawnEvenly,
  drawnNormals,
  drawnPlaces,
  gather,
  gatherAlong,
  iota,
  oneHot,
  pad,
  reshape,
  scatterAdd,
  slice,
  transpose,
} from "./layout.ts";
import { argsort, cumsum } from "./order.ts";
import { avgPool, avgPoolInput, maxPool, maxPoolInput } from "./pooling.ts";
import { matmul } from "./products.ts";
import { randomUniform } from "./random.ts";
import { argmax, logSoftmax, max, softmax, sum } from "./reductions.ts";

export { dataTypes, type Target } from "./context.ts";

const lowerings: Lowerings<Target> = {
  constant,
  iota,
  drawn_places: drawnPlaces,
  drawn_normals: drawnNormals,
  drawn_evenly: drawnEvenly,
  ...elementwise,
  floor_div: floorDiv,
  where,
  stop_gradient: stopGradient,
  sum,
  max,
  argmax,
  cumsum,
  argsort,
  softmax,
  log_softmax: logSoftmax,
  matmul,
  reshape,
  broadcast,
  transpose,
  slice,
  concat,
  pad,
  gather,
  gather_along: gatherAlong,
  scatter_add: scatterAdd,
  one_hot: oneHot,
  cast,
  random_uniform: randomUniform,
  conv,
  conv_input: convInput,
  conv_weight: convWeight,
  max_pool: maxPool,
  max_pool_input: maxPoolInput,
  avg_pool: avgPool,
  avg_pool_input: avgPoolInput,
};

/** Says an operation in ONNX; gives the name of its result. */
export function lower(
  operation: ComputedOperation,
  inputs: readonly Value[],
  type: TensorType,
  target: Target,
): string {
  return lowerBy(lowerings, operation, inputs, type, target);
}
