import { at } from "../../lowering/index.ts";
import { int } from "../messages.ts";
import { castTo, type Lowering } from "./context.ts";

function reduction(op: "ReduceSum" | "ReduceMax"): Lowering<"sum" | "max"> {
  return ({ axes, keep }, inputs, _, target) => {
    // To ONNX, no axes are all axes.
    if (axes.length === 0) return at(inputs, 0).name;
    return target.add(op, [at(inputs, 0).name, target.list(axes)], { keepdims: int(keep ? 1 : 0) });
  };
}

export const sum = reduction("ReduceSum");
export const max = reduction("ReduceMax");

export const argmax: Lowering<"argmax"> = ({ axis, keep }, inputs, _, target) => {
  const found = target.add("ArgMax", [at(inputs, 0).name], { axis: int(axis), keepdims: int(keep ? 1 : 0) });
  return castTo(found, "i32", target);
};

export const softmax: Lowering<"softmax"> = ({ axis }, inputs, _, target) =>
  target.add("Softmax", [at(inputs, 0).name], { axis: int(axis) });

export const logSoftmax: Lowering<"log_softmax"> = ({ axis }, inputs, _, target) =>
  target.add("LogSoftmax", [at(inputs, 0).name], { axis: int(axis) });
