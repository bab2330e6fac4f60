import type { ModelIndex } from "../../compiler/index.ts";
import type { BoundTensor, LoadedModel, Tfjs, TypedValues } from "./tfjs.ts";

/** Values that are fed: whole numbers for i32, floating-point for f32. */
export type Fed = ReadonlyMap<string, Float32Array | Int32Array>;

/** Values that a run gives, by the names of its outputs. */
export type Fetched = ReadonlyMap<string, TypedValues>;

/** Bytes that are stored by one run. */
const storedAtOnce = 64 * 1024 * 1024;

type Signature = ModelIndex["signatures"][string];

/**
 * A model in TensorFlow's memory: its graph and its variables. Weights are fed or initialised, then `prepare` is run once;
 * after that any program runs. Everything is freed by `dispose`.
 */
export class TensorflowSession {
  readonly index: ModelIndex;
  private readonly tf: Tfjs;
  private readonly loaded: LoadedModel;

  private constructor(tf: Tfjs, loaded: LoadedModel, index: ModelIndex) {
    this.tf = tf;
    this.loaded = loaded;
    this.index = index;
  }

  /**
   * Loads the model of a folder; `index` is what the compiler said of it. Sessions of one folder share their variables,
   * which go with the last of them.
   */
  static async load(tf: Tfjs, folder: string, index: ModelIndex): Promise<TensorflowSession> {
    // One signature is enough to load all: they share a graph and a session.
    return new TensorflowSession(tf, await tf.node.loadSavedModel(folder, ["serve"], "prepare"), index);
  }

  /**
   * Feeds parameters in f32 by the signatures `init`, `init_1`, ..., each of which takes at most 64 MiB, and asks for each
   * only when its turn has come. Throws when a value has not as many elements as its parameter.
   */
  feed(valuesOf: (path: string) => Float32Array): void {
    const pieces = new Map(this.index.feeds.map((feed) => [feed.input, feed]));
    let path: string | null = null;
    let values: Float32Array = new Float32Array(0);
    for (const [name, { inputs }] of Object.entries(this.index.signatures)) {
      const fed = new Map<string, Float32Array>();
      for (const [input, { node }] of Object.entries(inputs)) {
        const piece = pieces.get(node);
        if (piece === undefined) continue;
        if (piece.path !== path) values = valuesOf(piece.path);
        path = piece.path;
        fed.set(input, rowsOf(values, piece));
      }
      // TensorFlow prepares the whole graph anew for each signature: one for each parameter would take minutes.
      if (fed.size > 0) this.run(name, fed);
    }
  }

  /** Gives some variables other values in f32, as a checkpoint has them, after `prepare`. */
  store(values: ReadonlyMap<string, Float32Array>): void {
    let group: (typeof this.index.feeds)[number][] = [];
    let bytes = 0;
    const flush = (): void => {
      const fed = group.map((piece) => {
        const rows = rowsOf(values.get(piece.path) ?? new Float32Array(0), piece);
        return { node: piece.input, dtype: "f32", shape: piece.shape, values: rows };
      });
      if (fed.length > 0)
        this.execute(
          fed,
          group.map(({ done }) => done),
        );
      group = [];
      bytes = 0;
    };
    for (const piece of this.index.feeds) {
      if (!values.has(piece.path)) continue;
      const size = 4 * piece.shape.reduce((product, each) => product * each, 1);
      // Pieces of one variable have to come one after the other.
      if (bytes + size > storedAtOnce || group.some(({ path }) => path === piece.path)) flush();
      group.push(piece);
      bytes += size;
    }
    flush();
  }

  /** Where the operations run. */
  get device(): "CPU" | "GPU" {
    return this.tf.backend().isUsingGpuDevice ? "GPU" : "CPU";
  }

  /** How many elements a variable has; 0 for one that the model does not read. */
  sizeOf(path: string): number {
    const variable = this.index.variables.find((each) => each.path === path);
    return variable?.shape.reduce((product, size) => product * size, 1) ?? 0;
  }

  /** Runs a signature and gives its outputs; inputs that it does not have are not looked at. */
  run(name: string, inputs: Fed): Fetched {
    const signature: Signature | undefined = this.index.signatures[name];
    if (signature === undefined) throw new Error(`the model has no signature ${name}`);
    const fed = Object.entries(signature.inputs).map(([input, tensor]) => {
      const values = inputs.get(input);
      if (values === undefined) throw new Error(`${name} needs the input ${input}`);
      return { ...tensor, values };
    });
    const outputs = Object.entries(signature.outputs);
    const values = this.execute(
      fed,
      outputs.map(([, { node }]) => node),
    );
    return new Map(outputs.map(([output], place) => [output, values[place] ?? new Float32Array(0)]));
  }

  /** Gives everything back: the session, its variables and the graph. */
  dispose(): void {
    this.loaded.dispose();
  }

  private execute(
    fed: readonly { node: string; dtype: string; shape: readonly number[]; values: TypedValues }[],
    fetched: readonly string[],
  ): readonly TypedValues[] {
    const tensors: BoundTensor[] = [];
    try {
      for (const { values, shape, dtype } of fed) {
        tensors.push(this.tf.tensor(values, [...shape], dtype === "i32" ? "int32" : "float32"));
      }
      const results = this.tf.backend().runSavedModel(
        this.loaded.sessionId,
        tensors,
        fed.map(({ node }) => ({ name: `${node}:0` })),
        fetched.map((node) => `${node}:0`),
      );
      tensors.push(...results);
      return results.map((result) => result.dataSync());
    } finally {
      for (const tensor of tensors) tensor.dispose();
    }
  }
}

/** The rows of a parameter's values that are one piece of it. */
function rowsOf(values: Float32Array, { path, from, to, shape }: ModelIndex["feeds"][number]): Float32Array {
  const width = shape.slice(1).reduce((product, size) => product * size, 1);
  const rows = values.subarray(from * width, to * width);
  if (rows.length === (to - from) * width) return rows;
  throw new Error(`${path} has ${values.length} elements, which are not its shape's`);
}
