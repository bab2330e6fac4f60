import { type Dtype, elementCount, nodesOf, type Program, type TensorType } from "../../compiler/index.ts";
import { generator } from "../random.ts";

/** An input of a program, and which values it may have. */
export interface Input {
  readonly name: string;
  readonly type: TensorType;
  readonly values:
    | { readonly kind: "uniform" }
    /** Row numbers of a table, or classes: from 0 up to, and without, the limit. */
    | { readonly kind: "below"; readonly limit: number }
    /** Masks, of which everything counts. */
    | { readonly kind: "ones" }
    /** The number of the step. */
    | { readonly kind: "step" };
}

/** Operations that give elements of their input again, in another form. */
const layouts: ReadonlySet<string> = new Set(["reshape", "broadcast", "transpose", "slice", "concat"]);

/** The inputs of a program, each once, with the values that its operations take. */
export function inputsOf(program: Program): readonly Input[] {
  const inputs = new Map<string, TensorType>();
  const limits = new Map<string, number>();
  /** The inputs whose elements a node has. */
  const sources = new Map<number, readonly string[]>();
  for (const { id, operation, inputs: operands, type } of nodesOf(program)) {
    if (operation.op === "input") {
      inputs.set(operation.name, type);
      sources.set(id, [operation.name]);
    } else if (layouts.has(operation.op)) {
      sources.set(
        id,
        operands.flatMap((operand) => sources.get(operand.id) ?? []),
      );
    }
    const [first, second] = operands;
    const [numbers, limit] =
      operation.op === "gather"
        ? [second, first?.type.shape[0]]
        : operation.op === "one_hot"
          ? [first, operation.depth]
          : [undefined, undefined];
    if (numbers === undefined || limit === undefined) continue;
    for (const name of sources.get(numbers.id) ?? []) limits.set(name, Math.min(limit, limits.get(name) ?? limit));
  }
  return [...inputs].map(([name, type]) => ({ name, type, values: valuesOf(name, type.dtype, limits.get(name)) }));
}

function valuesOf(name: string, dtype: Dtype, limit: number | undefined): Input["values"] {
  if (name === "step") return { kind: "step" };
  if (limit !== undefined) return { kind: "below", limit };
  return dtype === "f32" || dtype === "bf16" ? { kind: "uniform" } : { kind: "ones" };
}

/** So many numbers are drawn of a large tensor, and then repeated: a scan has hundreds of millions. */
const drawn = 2 ** 20;

/** Values for a program's inputs, always the same; those of step 0. */
export function drawInputs(inputs: readonly Input[]): ReadonlyMap<string, Float32Array | Int32Array> {
  const random = generator(0);
  return new Map(inputs.map(({ name, type, values }) => [name, draw(values, elementCount(type), random)]));
}

function draw(values: Input["values"], count: number, random: () => number): Float32Array | Int32Array {
  switch (values.kind) {
    case "uniform":
      return repeated(new Float32Array(count), () => 2 * random() - 1);
    case "below":
      return repeated(new Int32Array(count), () => Math.floor(random() * values.limit));
    case "ones":
      return new Int32Array(count).fill(1);
    case "step":
      return new Int32Array(count);
  }
}

function repeated<Values extends Float32Array | Int32Array>(values: Values, next: () => number): Values {
  const first = Math.min(drawn, values.length);
  for (let place = 0; place < first; place++) values[place] = next();
  for (let place = first; place < values.length; place += first) values.copyWithin(place, 0, first);
  return values;
}
