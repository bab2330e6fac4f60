import { at } from "../../lowering/index.ts";
import { typeAttribute } from "../graphdef.ts";
import { elementType, type Lowering } from "./context.ts";

const i32 = typeAttribute("i32");

export const cumsum: Lowering<"cumsum"> = ({ axis, reverse }, inputs, type, target) =>
  target.add("Cumsum", [at(inputs, 0).name, target.constant({ dtype: "i32", shape: [] }, [axis])], {
    T: typeAttribute(type.dtype),
    Tidx: i32,
    reverse: { kind: "bool", value: reverse },
  });

/** TopKV2 finds the largest, and of equal elements the first first: the smallest are the largest of the negated. */
export const argsort: Lowering<"argsort"> = ({ descending, count }, inputs, _, target) => {
  const { name, type } = at(inputs, 0);
  const values = descending ? name : target.add("Neg", [name], elementType(type.dtype));
  const found = target.add("TopKV2", [values, target.constant({ dtype: "i32", shape: [] }, [count])], {
    T: typeAttribute(type.dtype),
    Tk: i32,
    index_type: i32,
    sorted: { kind: "bool", value: true },
  });
  return target.addView("Identity", [`${found}:1`], { T: i32 });
};
