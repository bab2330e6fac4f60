/** The part of @tensorflow/tfjs-node-gpu that is used here, as its version 4.22 has it. */
export interface Tfjs {
  readonly node: {
    readonly loadSavedModel: (folder: string, tags: readonly string[], signature: string) => Promise<LoadedModel>;
  };
  readonly tensor: (values: TypedValues, shape: number[], dtype: "float32" | "int32" | "bool") => BoundTensor;
  readonly memory: () => { readonly numTensors: number; readonly numBytes: number };
  readonly backend: () => {
    readonly isUsingGpuDevice: boolean;
    /** Runs any nodes of a loaded model, not only those of the signature that it was loaded by. */
    readonly runSavedModel: (
      session: number,
      inputs: readonly BoundTensor[],
      infos: readonly { readonly name: string }[],
      outputs: readonly string[],
    ) => readonly BoundTensor[];
  };
}

export type TypedValues = Float32Array | Int32Array | Uint8Array;

export interface BoundTensor {
  readonly shape: readonly number[];
  readonly dataSync: () => TypedValues;
  readonly dispose: () => void;
}

export interface LoadedModel {
  readonly sessionId: number;
  readonly dispose: () => void;
}
