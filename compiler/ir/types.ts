import type { Span } from "../../grammar/index.ts";

/** The types of a tensor's elements. */
export type Dtype = "f32" | "bf16" | "i32" | "bool";

export interface TensorType {
  readonly dtype: Dtype;
  /** Sizes, outermost first; empty for a single number. */
  readonly shape: readonly number[];
}

export type UnaryName =
  | "neg"
  | "exp"
  | "log"
  | "sqrt"
  | "rsqrt"
  | "abs"
  | "sign"
  | "erf"
  | "tanh"
  | "sin"
  | "cos"
  | "floor"
  | "round";
export type BinaryName = "add" | "sub" | "mul" | "div" | "maximum" | "minimum" | "pow";
export type CompareName = "equal" | "not_equal" | "less" | "less_equal" | "greater" | "greater_equal";

type Padding = readonly (readonly [before: number, after: number])[];
type Plain = Readonly<Record<never, never>>;
/** How a window moves over each axis between the batch and the channels. */
interface Moves {
  readonly stride: readonly number[];
  readonly padding: Padding;
}
interface Convolution extends Moves {
  readonly dilation: readonly number[];
  readonly groups: number;
}
interface Pool extends Moves {
  readonly kernel: readonly number[];
}
interface Reduction {
  readonly axes: readonly number[];
  readonly keep: boolean;
}

/** What each operation needs besides its inputs. */
type Attributes = Readonly<
  Record<UnaryName | BinaryName | CompareName | "where" | "stop_gradient" | "gather_along", Plain>
> & {
  readonly input: { readonly name: string; readonly type: TensorType };
  readonly parameter: { readonly path: string; readonly type: TensorType };
  readonly constant: { readonly value: number; readonly type: TensorType };
  readonly iota: { readonly size: number };
  /** Different places of a tensor of some sizes, a row of numbers for each axis: as `torch.randperm` draws them with that seed. */
  readonly drawn_places: { readonly sizes: readonly number[]; readonly count: number; readonly seed: number };
  /** Numbers of the standard normal distribution, as `torch.randn` draws them with that seed. */
  readonly drawn_normals: { readonly sizes: readonly number[]; readonly seed: number };
  /** Numbers below a limit, each as often as another or once more: as NumPy's `default_rng` draws them with that seed. */
  readonly drawn_evenly: { readonly count: number; readonly limit: number; readonly seed: number };
  readonly sum: Reduction;
  readonly max: Reduction;
  readonly argmax: { readonly axis: number; readonly keep: boolean };
  /** Sums of the elements up to each place, or from it on. */
  readonly cumsum: { readonly axis: number; readonly reverse: boolean };
  /** The places of the smallest or largest elements along the last axis, in their order. */
  readonly argsort: { readonly descending: boolean; readonly count: number };
  /** Division of whole numbers, rounded down. */
  readonly floor_div: { readonly divisor: number };
  readonly softmax: { readonly axis: number };
  readonly log_softmax: { readonly axis: number };
  readonly matmul: { readonly transposeA: boolean; readonly transposeB: boolean };
  readonly reshape: { readonly shape: readonly number[] };
  /** Repeats along axes that are missing or of size 1. */
  readonly broadcast: { readonly shape: readonly number[] };
  readonly transpose: { readonly permutation: readonly number[] };
  readonly slice: { readonly axis: number; readonly from: number; readonly to: number };
  readonly concat: { readonly axis: number };
  readonly pad: { readonly amounts: Padding };
  readonly gather: { readonly axis: number };
  /** Adds rows into a table of zeros, by number: the gradient of a gather. */
  readonly scatter_add: { readonly rows: number };
  readonly one_hot: { readonly depth: number };
  /** The leading singular vectors of a matrix as columns or as rows, or its largest singular values; of first values alone. */
  readonly svd: { readonly rank: number; readonly part: "left" | "values" | "right" };
  readonly cast: { readonly dtype: Dtype };
  readonly dropout: { readonly rate: number };
  /** Numbers of a distribution with mean 0, drawn anew in each step of training; zeros elsewhere. */
  readonly draw: { readonly from: Distribution; readonly shape: readonly number[] };
  /** [batch, ..., channels] and a weight [outputs, channels / groups, ...], as PyTorch stores it. */
  readonly conv: Convolution;
  /** The gradient of a convolution's input, from that of its output; `sizes` are the input's between batch and channels. */
  readonly conv_input: Convolution & { readonly sizes: readonly number[] };
  /** The gradient of a convolution's weight, of a kernel of these sizes. */
  readonly conv_weight: Convolution & { readonly kernel: readonly number[] };
  readonly max_pool: Pool;
  /** The gradient of the input of a largest of windows, from that input and the gradient of the output. */
  readonly max_pool_input: Pool;
  /** The mean of windows, in which padding counts as zeros. */
  readonly avg_pool: Pool;
  readonly avg_pool_input: Pool & { readonly sizes: readonly number[] };
  /** Evenly from 0 up to 1, a function of the seed, the step (its input, i32), the site and the place alone. */
  readonly random_uniform: { readonly seed: number; readonly site: number; readonly shape: readonly number[] };
};

export type OperationName = keyof Attributes;

/** The operation of one name. */
export type OperationOf<Name extends OperationName> = { readonly op: Name } & Attributes[Name];

export type Operation = { [Name in OperationName]: OperationOf<Name> }[OperationName];

/** Where a node comes from: the module instance that was traced, and the expression in its source. */
export interface Origin {
  readonly path: string;
  readonly span: Span;
}

/** One value of a graph, computed from values before it. */
export interface Node {
  readonly id: number;
  readonly operation: Operation;
  readonly inputs: readonly Node[];
  readonly type: TensorType;
  readonly origin: Origin;
}

/** What numbers are drawn from. */
export type Distribution =
  | { readonly kind: "normal"; readonly standardDeviation: number }
  /** Evenly between -bound and bound. */
  | { readonly kind: "uniform"; readonly bound: number };

/** A first value that follows from the seed alone; see the initialisers of the language. */
export type DrawnValue = { readonly kind: "constant"; readonly value: number } | Distribution;

/** A first value that is computed once from parameters that are declared before, whose values are those of a file where one has them. */
interface ComputedValue {
  readonly kind: "computed";
  /** A node of a graph of its own, which depends on parameters alone. */
  readonly node: Node;
  /** The expression as it is written. */
  readonly text: string;
}

/** The first value of a parameter. */
export type InitialValue = DrawnValue | ComputedValue;

/** How many elements a tensor has. */
export function elementCount({ shape }: TensorType): number {
  return shape.reduce((product, size) => product * size, 1);
}

const bytesOf: Readonly<Record<Dtype, number>> = { f32: 4, bf16: 2, i32: 4, bool: 1 };

/** Bytes that a tensor takes. */
export function byteCount(type: TensorType): number {
  return elementCount(type) * bytesOf[type.dtype];
}

/** `f32[8, 512]` */
export function printType({ dtype, shape }: TensorType): string {
  return `${dtype}[${shape.join(", ")}]`;
}
