import { elementCount } from "../../../ir/index.ts";
import { at } from "../../lowering/index.ts";
import { castTo, type Lowering, numbersBelow, reshapeTo, type Target } from "./context.ts";

/**
 * The reference evaluator's numbers, from the same three rounds of mixing, in 32-bit integers that wrap around: ONNX's own
 * random numbers follow from no input.
 */
export const randomUniform: Lowering<"random_uniform"> = ({ seed, site, shape }, inputs, type, target) => {
  const seedValue = target.seed ?? number(seed, target);
  const seeded = mix(target.add("BitwiseXor", [seedValue, number(0x9e3779b9, target)]), target);
  const stepped = mix(target.add("BitwiseXor", [seeded, at(inputs, 0).name]), target);
  const sited = mix(target.add("Add", [stepped, number(Math.imul(site, 0x85ebca6b), target)]), target);
  const places = numbersBelow(elementCount(type), target);
  const spread = target.add("Mul", [places, number(0xc2b2ae35, target)]);
  const mixed = mix(target.add("Add", [sited, spread]), target);
  const numbers = castTo(shifted(castTo(mixed, "u32", target), 8, target), "f32", target);
  const scale = target.constant({ dtype: "f32", shape: [] }, [2 ** -24]);
  return reshapeTo(target.add("Mul", [numbers, scale]), shape, target);
};

function number(value: number, target: Target): string {
  return target.constant({ dtype: "i32", shape: [] }, [value | 0]);
}

function mix(value: string, target: Target): string {
  let state = target.add("Mul", [xorShifted(value, 16, target), number(0x85ebca6b, target)]);
  state = target.add("Mul", [xorShifted(state, 13, target), number(0xc2b2ae35, target)]);
  return xorShifted(state, 16, target);
}

/** value ^ (value >>> bits) */
function xorShifted(value: string, bits: number, target: Target): string {
  const right = shifted(castTo(value, "u32", target), bits, target);
  return target.add("BitwiseXor", [value, castTo(right, "i32", target)]);
}

function shifted(value: string, bits: number, target: Target): string {
  const amount = target.constant({ dtype: "u32", shape: [] }, [bits]);
  return target.add("BitShift", [value, amount], { direction: { kind: "string", value: "RIGHT" } });
}
