/** Elements of a tensor as ONNX Runtime takes and gives them. */
export type TensorElements = Float32Array | Int32Array | Uint8Array;

export interface SentTensor {
  readonly dtype: "float32" | "int32" | "bool";
  readonly shape: readonly number[];
  readonly data: TensorElements;
}

/** Numbers as a tensor of whole numbers or of floats. */
export function sentTensor(dtype: "float32" | "int32", shape: readonly number[], values: Iterable<number>): SentTensor {
  return { dtype, shape, data: dtype === "int32" ? Int32Array.from(values) : Float32Array.from(values) };
}

/** What the thread that runs a model is asked for. */
export type Request =
  | { readonly kind: "load"; readonly model: string; readonly file: string }
  /** Values that stay with the thread, as what a training step changes. */
  | { readonly kind: "keep"; readonly tensors: ReadonlyMap<string, SentTensor> }
  /** Runs once; outputs named in `next` become kept values under the names there, the others in `wanted` are given. */
  | {
      readonly kind: "run";
      readonly model: string;
      readonly inputs: ReadonlyMap<string, SentTensor>;
      /** Inputs whose memory is moved to the thread, and back with its answer. */
      readonly lent: readonly string[];
      readonly wanted: readonly string[];
      readonly next: ReadonlyMap<string, string>;
    }
  | { readonly kind: "read"; readonly names: readonly string[] }
  | { readonly kind: "release" };

export type Answer =
  /** `lent` is memory of inputs that was moved there with the question, and comes back. */
  | {
      readonly kind: "done";
      readonly tensors: ReadonlyMap<string, SentTensor>;
      readonly lent: readonly ArrayBuffer[];
    }
  | { readonly kind: "failed"; readonly problem: string };
