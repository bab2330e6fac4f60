import { at } from "../../lowering/index.ts";
import { int } from "../messages.ts";
import { castTo, inF32, type Lowering } from "./context.ts";

const running: Lowering<"cumsum"> = ({ axis, reverse }, inputs, _, target) =>
  target.add("CumSum", [at(inputs, 0).name, target.constant({ dtype: "i32", shape: [] }, [axis])], {
    reverse: int(reverse ? 1 : 0),
  });

export const cumsum: Lowering<"cumsum"> = (operation, inputs, type, target) =>
  (type.dtype === "bf16" ? inF32(running) : running)(operation, inputs, type, target);

/** Of equal elements ONNX's TopK, too, has the first first. */
export const argsort: Lowering<"argsort"> = ({ descending, count }, inputs, _, target) => {
  const { name, type } = at(inputs, 0);
  const values = type.dtype === "bf16" ? castTo(name, "f32", target) : name;
  const found = target.addSecond("TopK", [values, target.list([count])], { largest: int(descending ? 1 : 0) });
  return castTo(found, "i32", target);
};
