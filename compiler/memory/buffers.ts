import { byteCount, type Node, type OperationName } from "../ir/types.ts";

/** Operations whose result TensorFlow writes over an input of the same size that nothing else reads. */
export const overwriting: ReadonlySet<OperationName> = new Set<OperationName>([
  "neg",
  "exp",
  "log",
  "sqrt",
  "rsqrt",
  "abs",
  "sign",
  "erf",
  "tanh",
  "sin",
  "cos",
  "add",
  "sub",
  "mul",
  "div",
  "maximum",
  "minimum",
  "pow",
  "where",
  "softmax",
  "log_softmax",
]);

/** Whether a result is its first input's memory under another name or shape, or whole rows of it. */
export function isAlias({ operation, inputs, type }: Node): boolean {
  switch (operation.op) {
    case "reshape":
    case "stop_gradient":
      return true;
    case "slice":
      return operation.axis === 0 || operation.axis === -type.shape.length;
    case "concat":
      return inputs.length === 1;
    default:
      return false;
  }
}

/** Bytes that an operation takes beside its inputs and its result while it runs, as the TensorFlow target writes it. */
export function scratchBytes({ operation, inputs: [first, second], type }: Node): number {
  switch (operation.op) {
    case "softmax":
    case "log_softmax":
      // Along another axis than the last it is computed in a transposed copy.
      return operation.axis === -1 || operation.axis === type.shape.length - 1 ? 0 : byteCount(type);
    case "depthwise_conv3d": {
      // Each time of the kernel gives a part of the result's size, and reads a copy of its frames.
      const times = second?.type.shape[2] ?? 1;
      return times > 1 ? times * byteCount(type) : 0;
    }
    case "depthwise_conv3d_weight": {
      if (first === undefined || second === undefined) return 0;
      const [times = 1, height = 1, width = 1] = operation.kernel;
      const [batch = 1, frames = 1, , , dim = 1] = second.type.shape;
      const copies = times > 1 ? byteCount(first.type) + byteCount(second.type) : 0;
      // A gradient of the kernel for each frame, before they are added.
      return copies + byteCount({ dtype: "f32", shape: [batch, frames, height, width, dim] });
    }
    default:
      return 0;
  }
}
