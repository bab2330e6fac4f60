import type { Build } from "../ir/build.ts";
import { byteCount, type Node, type OperationName, type OperationOf, type TensorType } from "../ir/types.ts";

/** What the backward pass of an operation reads again, and so must be kept in memory. */
export type Saved = "nothing" | "inputs" | "output";

/** Elements of a tensor in row-major order; all types are kept as floating-point numbers, booleans as 0 and 1. */
export type Elements = Float32Array | Float64Array;

/** A tensor in the reference evaluator. */
export interface TensorData {
  readonly type: TensorType;
  readonly data: Elements;
}

/** The gradient of each input, or null where there is none. */
export type Derivative<Name extends OperationName> = (
  context: {
    readonly operation: OperationOf<Name>;
    readonly inputs: readonly Node[];
    readonly output: Node;
    /** The gradient of the output. */
    readonly gradient: Node;
    /** Whether the gradient of an input is asked for; others may stay null. */
    readonly needs: (input: number) => boolean;
  },
  build: Build,
) => readonly (Node | null)[];

/** How the result of an operation depends on the rows of a batch, which its inputs have on some axes. */
export interface RowContext<Name extends OperationName> {
  readonly operation: OperationOf<Name>;
  readonly inputs: readonly TensorType[];
  readonly output: TensorType;
  /** The axis of the result that is asked about. */
  readonly axis: number;
  /** The axis of an input's rows; null for one that has none, which is read whole for every row. */
  readonly axisOf: (input: number) => number | null;
}

/** What the compiler asks of an operation before it moves it, cuts it, computes it again or leaves it out. */
export interface OperationTraits<Name extends OperationName> {
  /** Each element of the result follows from one element of each input, where these are not repeated. */
  readonly isElementwise: boolean;
  /** Inputs that are one number everywhere make a result that is one: a number to compute, or the input's own. */
  readonly ofUniform: "computed" | "kept" | "not uniform";
  /** The result has elements of the inputs, and no others, in another form. */
  readonly movesElements: boolean;
  /** The input that holds row numbers or classes, and the number that all of them are below. */
  readonly numbers:
    | ((
        operation: OperationOf<Name>,
        inputs: readonly TensorType[],
      ) => { readonly input: number; readonly limit: number })
    | null;
  /** It draws: two runs on the same values may give different ones. */
  readonly isRandom: boolean;
  /** Each row along an axis of the result follows from the same row of the inputs, however many there are. */
  readonly keepsRows: (context: RowContext<Name>) => boolean;
  /** Each row of an axis follows from the same row of that axis of the inputs, and can be computed by itself. */
  readonly isRowWise: (operation: OperationOf<Name>, inputs: readonly TensorType[], axis: number) => boolean;
  /** It may stand between the two products of attention. */
  readonly isOfScores: boolean;
  /** To make its result again of values that are there costs no more than to read it. */
  readonly isCheap: boolean;
  /** A factor of any one input is a factor of the result: f(c x, y) = f(x, c y) = c f(x, y). */
  readonly isMultilinear: boolean;
  /** The input that has the value and the shape of the result; null where there is none. */
  readonly equalInput: (operation: OperationOf<Name>, inputs: readonly Node[], type: TensorType) => Node | null;
  /** The value of the result by fewer operations, where its inputs allow it; null for operations that have no such form. */
  readonly shorterForm:
    | ((operation: OperationOf<Name>, inputs: readonly Node[], type: TensorType, build: Build) => Node | null)
    | null;
}

/** Everything that is known of one operation. */
export interface OperationRule<Name extends OperationName> extends OperationTraits<Name> {
  /** The output's type, or in words why there is none. */
  readonly type: (operation: OperationOf<Name>, inputs: readonly TensorType[]) => TensorType | string;
  /** Floating-point operations of the forward pass; a multiplication and an addition are two. */
  readonly flops: (operation: OperationOf<Name>, inputs: readonly TensorType[], output: TensorType) => number;
  /** Its time is that of multiplications, as of matrices; of anything else, that of the bytes that it moves. */
  readonly isProduct: boolean;
  /** Bytes that it reads and writes. */
  readonly bytesMoved: (inputs: readonly TensorType[], output: TensorType) => number;
  readonly saved: Saved;
  /** Null where small changes of the inputs change nothing, or where the language says that they do not count. */
  readonly derivative: Derivative<Name> | null;
  /** The semantics: fills `output`, whose type is `type`. */
  readonly evaluate: (
    operation: OperationOf<Name>,
    inputs: readonly TensorData[],
    type: TensorType,
    output: Elements,
  ) => void;
}

export const noFlops = (): number => 0;

/** Of what is there already, or is there under another shape. */
export const noBytes = (): number => 0;

/** Of an operation that reads all of its inputs. */
export function inputsAndResult(inputs: readonly TensorType[], output: TensorType): number {
  return inputs.reduce((sum, input) => sum + byteCount(input), byteCount(output));
}

/** Of operations that do little with each element of their inputs. */
export const timedByBytes = { isProduct: false, bytesMoved: inputsAndResult } as const;

/** Of an operation that reads as much of its first input as it gives. */
export function resultTwice(_: readonly TensorType[], output: TensorType): number {
  return 2 * byteCount(output);
}

/** Of an operation whose result is none of its inputs. */
export const noInput = (): null => null;

/** Axes count from the end when they are negative; null when there is no such axis. */
export function resolveAxis(axis: number, rank: number): number | null {
  const resolved = axis < 0 ? axis + rank : axis;
  return Number.isInteger(axis) && resolved >= 0 && resolved < rank ? resolved : null;
}
