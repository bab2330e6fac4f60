import type { BinaryName, CompareName, UnaryName } from "../../../ir/index.ts";
import { at } from "../../lowering/index.ts";
import { castTo, elementType, type Lowering } from "./context.ts";

type Elementwise = UnaryName | BinaryName | CompareName;

/** TensorFlow repeats along axes of size 1 as the language does. */
function plain(op: string): Lowering<Elementwise> {
  return (_, inputs, __, target) =>
    target.add(
      op,
      inputs.map(({ name }) => name),
      elementType(at(inputs, 0).type.dtype),
    );
}

export const elementwise: { readonly [Name in Elementwise]: Lowering<Name> } = {
  neg: plain("Neg"),
  exp: plain("Exp"),
  log: plain("Log"),
  sqrt: plain("Sqrt"),
  rsqrt: plain("Rsqrt"),
  abs: plain("Abs"),
  sign: plain("Sign"),
  erf: plain("Erf"),
  tanh: plain("Tanh"),
  sin: plain("Sin"),
  cos: plain("Cos"),
  floor: plain("Floor"),
  round: plain("Round"),
  add: plain("AddV2"),
  sub: plain("Sub"),
  mul: plain("Mul"),
  div: plain("RealDiv"),
  maximum: plain("Maximum"),
  minimum: plain("Minimum"),
  pow: plain("Pow"),
  equal: plain("Equal"),
  not_equal: plain("NotEqual"),
  less: plain("Less"),
  less_equal: plain("LessEqual"),
  greater: plain("Greater"),
  greater_equal: plain("GreaterEqual"),
};

export const where: Lowering<"where"> = (_, inputs, type, target) =>
  target.add(
    "SelectV2",
    inputs.map(({ name }) => name),
    elementType(type.dtype),
  );

export const cast: Lowering<"cast"> = ({ dtype }, inputs, _, target) => {
  const input = at(inputs, 0);
  return castTo(input.name, input.type.dtype, dtype, target);
};

export const floorDiv: Lowering<"floor_div"> = ({ divisor }, inputs, _, target) =>
  target.add(
    "FloorDiv",
    [at(inputs, 0).name, target.constant({ dtype: "i32", shape: [] }, [divisor])],
    elementType("i32"),
  );
