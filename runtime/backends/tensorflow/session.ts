import type { ModelIndex } from "../../../compiler/index.ts";
import { FeedMemory } from "./feed-memory.ts";
import { PieceStream } from "./piece-stream.ts";
import type { BoundTensor, LoadedModel, Tfjs, TypedValues } from "./tfjs.ts";

/** Values that are fed: whole numbers for i32, floating-point for f32, bytes for bool. */
export type Fed = ReadonlyMap<string, TypedValues>;

/** Values that a run gives, by the names of its outputs. */
export type Fetched = ReadonlyMap<string, TypedValues>;

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
   * Feeds all parameters in f32, at most `feedBytes` of the index at once, and asks for the pieces of each only when its turn has come; null
   * stands for zeros. Throws when there are not as many elements as its parameter has.
   */
  feed(piecesOf: (path: string) => Iterable<Float32Array> | null): void {
    this.feedPieces(this.index.feeds, piecesOf);
  }

  /** Gives some variables other values in f32, as a checkpoint has them, after `prepare`. */
  store(values: ReadonlyMap<string, Float32Array>): void {
    const feeds = this.index.feeds.filter(({ path }) => values.has(path));
    this.feedPieces(feeds, (path) => [values.get(path) ?? new Float32Array(0)]);
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

  has(name: string): boolean {
    return this.index.signatures[name] !== undefined;
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

  private feedPieces(feeds: readonly Feed[], piecesOf: (path: string) => Iterable<Float32Array> | null): void {
    const groups = groupsOf(feeds, this.index.feedBytes);
    const memory = new FeedMemory(groups.map((group) => group.map(countOf)));
    let path: string | null = null;
    let stream: PieceStream | null = null;
    for (const group of groups) {
      memory.reset();
      const fed = new Map<string, Float32Array>();
      for (const piece of group) {
        if (piece.path !== path) stream = streamOf(piecesOf(piece.path));
        path = piece.path;
        const values = memory.take(countOf(piece));
        if (stream === null) values.fill(0);
        else if (!stream.fill(values) || (isLast(piece, this.index) && !stream.isAtEnd())) {
          throw new Error(`what is given for ${path} has not the elements of its shape`);
        }
        fed.set(piece.input, values);
      }
      this.feedGroup(fed);
    }
  }

  /** One run for some pieces; the others are fed as empty and left alone. */
  private feedGroup(values: ReadonlyMap<string, Float32Array>): void {
    const { feeds } = this.index;
    const empty = new Float32Array(0);
    const pieces = feeds.map(({ input }) => [input, values.get(input) ?? empty] as const);
    const given = Uint8Array.from(feeds, ({ input }) => (values.has(input) ? 1 : 0));
    this.run("init", new Map<string, TypedValues>([["one", Float32Array.of(1)], ["given", given], ...pieces]));
  }

  private execute(
    fed: readonly { node: string; dtype: string; shape: readonly number[]; values: TypedValues }[],
    fetched: readonly string[],
  ): readonly TypedValues[] {
    const tensors: BoundTensor[] = [];
    try {
      const absent = new Map<TypedValues, BoundTensor>();
      const inputs = fed.map(({ values, shape, dtype }) => {
        // A piece that is not given has no elements, whatever its shape is.
        const isAbsent = values.length === 0 && countOf({ shape }) > 0;
        const known = isAbsent ? absent.get(values) : undefined;
        if (known !== undefined) return known;
        const tensor = this.tf.tensor(values, isAbsent ? [0] : [...shape], tensorDtype(dtype));
        if (isAbsent) absent.set(values, tensor);
        tensors.push(tensor);
        return tensor;
      });
      const results = this.tf.backend().runSavedModel(
        this.loaded.sessionId,
        inputs,
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

function tensorDtype(dtype: string): "float32" | "int32" | "bool" {
  if (dtype === "bool") return "bool";
  return dtype === "i32" ? "int32" : "float32";
}

type Feed = ModelIndex["feeds"][number];

/** Pieces that are fed by one run; those of one variable have to come one after the other. */
function groupsOf(feeds: readonly Feed[], feedBytes: number): readonly (readonly Feed[])[] {
  const groups: Feed[][] = [];
  let bytes = 0;
  for (const feed of feeds) {
    const size = 4 * countOf(feed);
    const group = groups.at(-1);
    if (group === undefined || bytes + size > feedBytes || group.at(-1)?.path === feed.path) {
      groups.push([feed]);
      bytes = size;
    } else {
      group.push(feed);
      bytes += size;
    }
  }
  return groups;
}

function countOf({ shape }: Pick<Feed, "shape">): number {
  return shape.reduce((product, size) => product * size, 1);
}

function streamOf(pieces: Iterable<Float32Array> | null): PieceStream | null {
  return pieces === null ? null : new PieceStream(pieces);
}

function isLast({ path, to }: Feed, { variables }: ModelIndex): boolean {
  return to === (variables.find((each) => each.path === path)?.shape[0] ?? 1);
}
