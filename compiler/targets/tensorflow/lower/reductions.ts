import type { TensorType } from "../../../ir/index.ts";
import { at, type Value } from "../../lowering/index.ts";
import { typeAttribute } from "../graphdef.ts";
import { elementType, type Lowering, reshapeTo, type Target } from "./context.ts";

const i32 = typeAttribute("i32");

function reduction(op: "Sum" | "Max"): Lowering<"sum" | "max"> {
  return ({ axes, keep }, inputs, type, target) =>
    target.add(op, [at(inputs, 0).name, target.list(axes)], {
      T: typeAttribute(type.dtype),
      Tidx: i32,
      keep_dims: { kind: "bool", value: keep },
    });
}

export const sum = reduction("Sum");
export const max = reduction("Max");

export const argmax: Lowering<"argmax"> = ({ axis, keep }, inputs, type, target) => {
  const input = at(inputs, 0);
  const along = target.constant({ dtype: "i32", shape: [] }, [axis]);
  const found = target.add("ArgMax", [input.name, along], {
    T: typeAttribute(input.type.dtype),
    Tidx: i32,
    output_type: i32,
  });
  return keep ? reshapeTo(found, "i32", type.shape, target) : found;
};

export const softmax: Lowering<"softmax"> = ({ axis }, inputs, type, target) =>
  overLastAxis("Softmax", axis, at(inputs, 0), type, target);

export const logSoftmax: Lowering<"log_softmax"> = ({ axis }, inputs, type, target) =>
  overLastAxis("LogSoftmax", axis, at(inputs, 0), type, target);

/** TensorFlow's softmax is along the last axis; another axis is swapped with it before and after. */
function overLastAxis(op: string, axis: number, input: Value, type: TensorType, target: Target): string {
  const last = type.shape.length - 1;
  const along = axis < 0 ? axis + type.shape.length : axis;
  if (along === last) return target.add(op, [input.name], elementType(type.dtype));
  const order = type.shape.map((_, each) => (each === along ? last : each === last ? along : each));
  const attributes = { T: typeAttribute(type.dtype), Tperm: i32 };
  const swapped = target.add("Transpose", [input.name, target.list(order)], attributes);
  const result = target.add(op, [swapped], elementType(type.dtype));
  return target.add("Transpose", [result, target.list(order)], attributes);
}
