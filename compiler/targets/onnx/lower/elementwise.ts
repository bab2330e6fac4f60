import type { BinaryName, CompareName, UnaryName } from "../../../ir/index.ts";
import { at } from "../../lowering/index.ts";
import { castTo, type Lowering } from "./context.ts";

type Elementwise = UnaryName | BinaryName | CompareName;

/** ONNX repeats along axes of size 1 as the language does. */
function plain(op: string): Lowering<Elementwise> {
  return (_, inputs, __, target) =>
    target.add(
      op,
      inputs.map(({ name }) => name),
    );
}

export const elementwise: { readonly [Name in Elementwise]: Lowering<Name> } = {
  neg: plain("Neg"),
  exp: plain("Exp"),
  log: plain("Log"),
  sqrt: plain("Sqrt"),
  rsqrt: (_, inputs, __, target) => target.add("Reciprocal", [target.add("Sqrt", [at(inputs, 0).name])]),
  abs: plain("Abs"),
  sign: plain("Sign"),
  erf: plain("Erf"),
  tanh: plain("Tanh"),
  sin: plain("Sin"),
  cos: plain("Cos"),
  floor: plain("Floor"),
  round: plain("Round"),
  add: plain("Add"),
  sub: plain("Sub"),
  mul: plain("Mul"),
  div: plain("Div"),
  maximum: plain("Max"),
  minimum: plain("Min"),
  pow: plain("Pow"),
  equal: plain("Equal"),
  not_equal: (_, inputs, __, target) =>
    target.add("Not", [
      target.add(
        "Equal",
        inputs.map(({ name }) => name),
      ),
    ]),
  less: plain("Less"),
  less_equal: plain("LessOrEqual"),
  greater: plain("Greater"),
  greater_equal: plain("GreaterOrEqual"),
};

/** Runtimes choose between numbers only: of booleans it is (condition and a) or (not condition and b). */
export const where: Lowering<"where"> = (_, inputs, type, target) => {
  const [condition, a, b] = [at(inputs, 0).name, at(inputs, 1).name, at(inputs, 2).name];
  if (type.dtype !== "bool") return target.add("Where", [condition, a, b]);
  const otherwise = target.add("And", [target.add("Not", [condition]), b]);
  return target.add("Or", [target.add("And", [condition, a]), otherwise]);
};

export const cast: Lowering<"cast"> = ({ dtype }, inputs, _, target) => castTo(at(inputs, 0).name, dtype, target);

/** ONNX divides whole numbers towards 0; its remainder has the sign of the divisor, and leaves nothing to round. */
export const floorDiv: Lowering<"floor_div"> = ({ divisor }, inputs, _, target) => {
  const { name } = at(inputs, 0);
  const by = target.constant({ dtype: "i32", shape: [] }, [divisor]);
  return target.add("Div", [target.add("Sub", [name, target.add("Mod", [name, by])]), by]);
};
