import type { Operation, UnaryName } from "../../ir/index.ts";
import { roundHalfToEven } from "../../ops/index.ts";
import { number, type Value } from "../values.ts";
import type { Builtin, BuiltinCall } from "./builtin.ts";

const onNumbers: Readonly<Partial<Record<UnaryName, (value: number) => number>>> = {
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  abs: Math.abs,
  sign: Math.sign,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  floor: Math.floor,
  round: roundHalfToEven,
};

function unary(op: UnaryName): Builtin {
  return {
    parameters: ["x"],
    apply: (call) => {
      const value = call.value("x");
      const compute = onNumbers[op];
      if (value.kind === "number" && compute !== undefined) {
        return call.trace.finite(compute(value.value), call.span, `\`${op}(${value.value})\` is not a number`);
      }
      return call.add({ op }, call.tensor("x").node);
    },
  };
}

type OfTwo = (call: BuiltinCall, a: Value, b: Value) => Value;

function ofTwo(op: "maximum" | "minimum" | "pow", compute: (a: number, b: number) => number): OfTwo {
  return (call, a, b) =>
    a.kind === "number" && b.kind === "number"
      ? number(compute(a.value, b.value))
      : call.trace.arithmetic({ op }, call.name, a, b, call.span);
}

const larger = ofTwo("maximum", Math.max);
const smaller = ofTwo("minimum", Math.min);
const power = ofTwo("pow", (a, b) => a ** b);

function binary(compute: OfTwo): Builtin {
  return { parameters: ["a", "b"], apply: (call) => compute(call, call.value("a"), call.value("b")) };
}

function plain(parameters: readonly string[], make: () => Operation): Builtin {
  return { parameters, apply: (call) => call.add(make(), call.tensor("x").node) };
}

export const elementwise = {
  exp: unary("exp"),
  log: unary("log"),
  sqrt: unary("sqrt"),
  rsqrt: unary("rsqrt"),
  abs: unary("abs"),
  sign: unary("sign"),
  erf: unary("erf"),
  tanh: unary("tanh"),
  sin: unary("sin"),
  cos: unary("cos"),
  floor: unary("floor"),
  round: unary("round"),
  maximum: binary(larger),
  minimum: binary(smaller),
  pow: binary(power),
  clip: {
    parameters: ["x", "low", "high"],
    apply: (call) => {
      const above = larger(call, call.value("x"), call.value("low"));
      return smaller(call, above, call.value("high"));
    },
  },
  where: {
    parameters: ["condition", "a", "b"],
    apply: (call) => {
      const [a, b] = call.trace.alike(call.value("a"), call.value("b"), call.span, "where");
      return call.add({ op: "where" }, call.tensor("condition").node, a.node, b.node);
    },
  },
  stop_gradient: plain(["x"], () => ({ op: "stop_gradient" })),
  dropout: {
    parameters: ["x", "rate"],
    apply: (call) => call.add({ op: "dropout", rate: call.number("rate") }, call.tensor("x").node),
  },
  cast: {
    parameters: ["x", "to"],
    apply: (call) => {
      const to = call.value("to");
      if (to.kind !== "dtype") return call.refuse("to", "`f32`, `bf16` or `i32`");
      return { ...call.add({ op: "cast", dtype: to.dtype }, call.tensor("x").node), labels: call.tensor("x").labels };
    },
  },
} satisfies Readonly<Record<string, Builtin>>;
