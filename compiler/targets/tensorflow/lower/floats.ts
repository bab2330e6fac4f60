import type { OperationName } from "../../../ir/index.ts";
import { typeAttribute } from "../graphdef.ts";
import { castTo, elementType, type Lowering, reshapeTo, type Target } from "./context.ts";

/** Steps of operations that TensorFlow computes in f32. */

const i32 = typeAttribute("i32");
const f32 = elementType("f32");

/** An operation of f32; what has fewer bits is widened, as sums need the digits. */
export function inF32<Name extends OperationName>(lowering: Lowering<Name>): Lowering<Name> {
  return (operation, inputs, type, target) => {
    if (type.dtype === "f32") return lowering(operation, inputs, type, target);
    const wide = inputs.map(({ name, type: narrow }) => ({
      name: castTo(name, narrow.dtype, "f32", target),
      type: { ...narrow, dtype: "f32" as const },
    }));
    return castTo(lowering(operation, wide, { ...type, dtype: "f32" }, target), "f32", type.dtype, target);
  };
}

export function viewAs(value: string, shape: readonly number[], target: Target): string {
  return reshapeTo(value, "f32", shape, target);
}

export function transposeTo(value: string, permutation: readonly number[], target: Target): string {
  return target.add("Transpose", [value, target.list(permutation)], { ...f32, Tperm: i32 });
}

/** The values turned around along some axes. */
export function reversed(value: string, axes: readonly number[], target: Target): string {
  return target.add("ReverseV2", [value, target.list(axes)], { ...f32, Tidx: i32 });
}

export function sliceOf(value: string, begin: readonly number[], sizes: readonly number[], target: Target): string {
  return target.add("Slice", [value, target.list(begin), target.list(sizes)], { ...f32, Index: i32 });
}

interface Steps {
  readonly begin: readonly number[];
  readonly end: readonly number[];
  readonly step: readonly number[];
}

/** A slice in steps, made after a node where one is named. */
export function stridedSlice(value: string, after: string | null, { begin, end, step }: Steps, target: Target): string {
  const inputs = [
    value,
    target.list(begin),
    target.list(end),
    target.list(step),
    ...(after === null ? [] : [`^${after}`]),
  ];
  return target.add("StridedSlice", inputs, { ...f32, Index: i32 });
}

/** Zeros of a shape, with a value put where a slice of these steps would take it from. */
export function spreadIn(shape: readonly number[], { begin, end, step }: Steps, value: string, target: Target): string {
  const inputs = [target.list(shape), target.list(begin), target.list(end), target.list(step), value];
  return target.add("StridedSliceGrad", inputs, { ...f32, Index: i32 });
}

export function padWith(
  value: string,
  amounts: readonly (readonly [before: number, after: number])[],
  fill: number,
  target: Target,
): string {
  if (amounts.flat().every((amount) => amount === 0)) return value;
  const pairs = target.constant({ dtype: "i32", shape: [amounts.length, 2] }, amounts.flat());
  const filling = target.constant({ dtype: "f32", shape: [] }, [fill]);
  return target.add("PadV2", [value, pairs, filling], { ...f32, Tpaddings: i32 });
}

/** Along the first axis. */
export function concatenated(values: readonly string[], target: Target): string {
  const [only] = values;
  if (only !== undefined && values.length === 1) return only;
  return target.add("ConcatV2", [...values, target.constant({ dtype: "i32", shape: [] }, [0])], {
    N: { kind: "int", value: values.length },
    ...f32,
    Tidx: i32,
  });
}

export function zeros(shape: readonly number[], target: Target): string {
  const zero = target.constant({ dtype: "f32", shape: [] }, [0]);
  return target.add("Fill", [target.list(shape), zero], { ...f32, index_type: i32 });
}

/** The sum of values of one shape; zeros where there are none. */
export function sumOf(values: readonly string[], shape: readonly number[], target: Target): string {
  const [first, ...rest] = values;
  if (first === undefined) return zeros(shape, target);
  return rest.reduce((total, value) => target.add("AddV2", [total, value], f32), first);
}

/** The product of matrices in batches, the first of them transposed where that is asked for. */
export function batchProduct(a: string, b: string, transposeA: boolean, target: Target): string {
  return target.add("BatchMatMulV2", [a, b], {
    ...f32,
    adj_x: { kind: "bool", value: transposeA },
    adj_y: { kind: "bool", value: false },
  });
}
