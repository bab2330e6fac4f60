import type { Distribution } from "../../ir/index.ts";
import type { TensorValue } from "../values.ts";
import { list, number, type Value } from "../values.ts";
import type { Builtin, BuiltinCall } from "./builtin.ts";
import { drawnTensor } from "./draws.ts";

function filled(call: BuiltinCall, value: number): TensorValue {
  const shape = call.numbers("sizes");
  if (shape.some((size) => size < 0)) call.refuse("sizes", "a list of sizes");
  return call.add({ op: "constant", value, type: { dtype: "f32", shape } });
}

/** The first value of a parameter, of its type; with sizes, a tensor of which a first value is computed. */
function drawn(initial: Distribution, call: BuiltinCall): Value {
  return call.has("sizes") ? drawnTensor(initial, call) : { kind: "initial", initial };
}

/** Called with sizes it is a tensor; by its name alone, the first value of a parameter. */
function constant(value: number): Builtin {
  return { parameters: ["sizes"], apply: (call) => filled(call, value) };
}

export const constants = {
  zeros: constant(0),
  ones: constant(1),
  full: { parameters: ["sizes", "value"], apply: (call) => filled(call, call.number("value")) },
  iota: { parameters: ["count"], apply: (call) => call.add({ op: "iota", size: call.size("count") }) },
  drawn_evenly: {
    parameters: ["count", "limit", "seed"],
    apply: (call) =>
      call.add({ op: "drawn_evenly", count: call.size("count"), limit: call.size("limit"), seed: call.number("seed") }),
  },
  drawn_normals: {
    parameters: ["sizes", "seed"],
    apply: (call) => {
      const sizes = call.numbers("sizes");
      if (sizes.some((size) => size < 1)) call.refuse("sizes", "a list of sizes");
      return call.add({ op: "drawn_normals", sizes, seed: call.number("seed") });
    },
  },
  drawn_places: {
    parameters: ["sizes", "count", "seed"],
    apply: (call) => {
      const sizes = call.numbers("sizes");
      if (sizes.some((size) => size < 1)) call.refuse("sizes", "a list of sizes");
      return call.add({ op: "drawn_places", sizes, count: call.size("count"), seed: call.number("seed") });
    },
  },
  constant: {
    parameters: ["value"],
    apply: (call): Value => ({ kind: "initial", initial: { kind: "constant", value: call.number("value") } }),
  },
  normal: {
    parameters: ["std", "sizes?"],
    apply: (call) => drawn({ kind: "normal", standardDeviation: call.number("std") }, call),
  },
  uniform: {
    parameters: ["bound", "sizes?"],
    apply: (call) => drawn({ kind: "uniform", bound: call.number("bound") }, call),
  },
  len: { parameters: ["list"], apply: (call) => number(call.list("list").length) },
  placements: { parameters: [], apply: (call) => list(call.placement().bases) },
  placement_number: { parameters: [], apply: (call) => number(call.placement().number) },
  split_words: {
    parameters: ["lines"],
    apply: (call) => {
      const lines = call
        .list("lines")
        .map((line) => (line.kind === "string" ? line.value : call.refuse("lines", "a list of strings")));
      const words = lines.flatMap((line) => line.split(/\s+/).filter((word) => word !== ""));
      return list(words.map((value) => ({ kind: "string", value })));
    },
  },
} satisfies Readonly<Record<string, Builtin>>;
