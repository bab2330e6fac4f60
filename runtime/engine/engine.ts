/** Elements of tensors that programs are given and give. */
export type Values = Float32Array | Int32Array;

/**
 * The programs of a model with its weights, wherever they run. What a program changes stays with the engine until the next
 * run; everything is freed by `dispose`.
 */
export interface Engine {
  readonly backend: "tfjs" | "onnx";
  /** Where operations run, in words. */
  readonly device: string;
  /** Runs a program and gives its outputs by name. Inputs that it does not have are not looked at. */
  readonly run: (program: string, inputs: ReadonlyMap<string, Values>) => Promise<ReadonlyMap<string, Float32Array>>;
  /** What training changes: trained parameters by their paths, and what the optimizer keeps for them. */
  readonly read: () => Promise<ReadonlyMap<string, Float32Array>>;
  /** Gives some of that other values, as a checkpoint has them. */
  readonly store: (values: ReadonlyMap<string, Float32Array>) => Promise<void>;
  readonly dispose: () => Promise<void>;
}
