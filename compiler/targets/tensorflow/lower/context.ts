import type { OperationName, TensorType } from "../../../ir/index.ts";
import type { LoweringTo } from "../../lowering/index.ts";
import { type Attributes, type GraphDtype, typeAttribute } from "../graphdef.ts";
import type { OwnProducts } from "../kernels.ts";

/**
 * How products of bf16 matrices are computed: by the processor's own instructions, or widened to f32 where it has none,
 * which gives the same numbers: sums are in f32 either way.
 */
export type Bf16Products = "native" | "widened";

/** Where the nodes of one operation go. */
export interface Target {
  /** Appends a node in the operation's scope, and gives its name. Where it takes much memory, it waits for its turn. */
  readonly add: (op: string, inputs: readonly string[], attributes: Attributes) => string;
  /** The same for a node that gives its input's memory another shape, and so need not wait. */
  readonly addView: (op: string, inputs: readonly string[], attributes: Attributes) => string;
  readonly constant: (type: TensorType, values: readonly number[]) => string;
  /** A list of whole numbers, as shapes and axes are given. */
  readonly list: (values: readonly number[]) => string;
  readonly bf16Products: Bf16Products;
  readonly ownProducts: OwnProducts;
}

/** How one operation is said in TensorFlow: gives the name of the node that is its result. */
export type Lowering<Name extends OperationName> = LoweringTo<Target, Name>;

/** The attribute `T` alone. */
export function elementType(dtype: GraphDtype): Attributes {
  return { T: typeAttribute(dtype) };
}

/** Says a value in another type. */
export function castTo(value: string, from: GraphDtype, to: GraphDtype, target: Target): string {
  return target.add("Cast", [value], { SrcT: typeAttribute(from), DstT: typeAttribute(to) });
}

export function reshapeTo(value: string, dtype: GraphDtype, shape: readonly number[], target: Target): string {
  const attributes = { T: typeAttribute(dtype), Tshape: typeAttribute("i32") };
  return target.addView("Reshape", [value, target.list(shape)], attributes);
}
