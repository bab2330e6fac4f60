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

export const where: Lowering<"where"> = (_, inputs, __, target) =>
  target.add(
    "Where",
    inputs.map(({ name }) => name),
  );

export const cast: Lowering<"cast"> = ({ dtype }, inputs, _, target) => castTo(at(inputs, 0).name, dtype, target);
