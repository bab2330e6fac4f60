import type { Expression } from "../../../grammar/index.ts";
import type { BuiltinName } from "../../elaborate/index.ts";
import type { Attention } from "./attention.ts";
import type { Place } from "./place.ts";
import { binary, call, method, type Python, word } from "./python.ts";

/** What writes expressions at a place. */
interface Operands {
  readonly place: Place;
  readonly value: (expression: Expression) => Python;
  readonly expression: (expression: Expression) => Python;
}

/** PyTorch's attention. */
export function attentionCall({ query, key, value, scale, bias }: Attention, translator: Operands): Python {
  const { declarations, writer } = translator.place;
  const { facts } = declarations;
  const operands = [query, key, value].map((each) => translator.value(each));
  const number = scale === null ? word("1.0") : translator.expression(scale.number);
  let mask = bias === null ? null : translator.value(bias);
  if (bias !== null && mask !== null) {
    const isMasking = facts.of(bias)?.followsInputs ?? false;
    if (isMasking) mask = call("ops.mask_from_zero", [mask]);
    // Kernels take a mask of four axes, or of two.
    const isShort = facts.of(bias)?.ranks.has(3) === true && facts.of(query)?.ranks.has(4) === true;
    if (isShort) mask = call("ops.with_batch_axis", [mask]);
    if (isMasking || isShort) writer.use("ops");
  }
  writer.use("F");
  const made = call("F.scaled_dot_product_attention", operands, {
    attn_mask: mask,
    scale: scale?.by === "/" ? binary("/", word("1"), number) : number,
  });
  return rounded("matmul", made, translator.place);
}

/** Matrix products in bf16 give f32: under autocast PyTorch's would stay in bf16, and what follows with them. */
export function rounded(name: BuiltinName, made: Python, { declarations }: Place): Python {
  const isProduct = name === "matmul" || name === "einsum";
  return isProduct && declarations.settings.precision === "bf16" ? method(made, "float", []) : made;
}
