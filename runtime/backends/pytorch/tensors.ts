import { nameOf, sharedInputs, slotShape, type TracedSpec, valueNamed } from "../../../compiler/index.ts";
import type { Batch, Values } from "../engine.ts";
import type { LinkTensor, LinkTensors } from "./messages.ts";

/** The inputs of a model as workers are given them. */
export class ModelInputs {
  /** The shape of each input, without the axis of its rows where it has one. */
  private readonly shapes: ReadonlyMap<string, { readonly shape: readonly number[]; readonly isShared: boolean }>;

  constructor(spec: TracedSpec) {
    const shared = sharedInputs(spec);
    this.shapes = new Map(
      spec.graph.nodes.flatMap(({ operation }) => {
        if (operation.op !== "input") return [];
        const { name, type } = operation;
        const isShared = shared.has(name);
        return [[name, { shape: isShared ? type.shape : type.shape.slice(1), isShared }] as const];
      }),
    );
  }

  /** Those of some values that the model has, with their shapes. */
  tensorsOf(batch: Batch): LinkTensors {
    return new Map(
      [...batch].flatMap(([name, data]): readonly (readonly [string, LinkTensor])[] => {
        const known = this.shapes.get(name);
        if (known === undefined) return [];
        const { shape, isShared } = known;
        return [[name, { data, shape: isShared ? shape : [rowsIn(data, shape), ...shape] }]];
      }),
    );
  }
}

function rowsIn(data: Values, ofRow: readonly number[]): number {
  return data.length / ofRow.reduce((product, size) => product * size, 1);
}

/** The names by which workers know what is trained, and what is kept for it: those of checkpoints. */
export class WireNames {
  private readonly checkpoints: ReadonlyMap<string, string>;
  private readonly paths: ReadonlyMap<string, string>;

  /** `read` has the paths of what is read: the rest of a model is in no program, and stays as it is. */
  constructor(checkpoints: ReadonlyMap<string, string>, read: ReadonlySet<string>) {
    this.checkpoints = checkpoints;
    this.paths = new Map(
      [...checkpoints].flatMap(([path, checkpoint]) => (read.has(path) ? [[checkpoint, path]] : [])),
    );
  }

  /** The name of a parameter, or of what is kept for one, by its path; null for what has none. */
  toWire(name: string): string | null {
    return renamed(name, this.checkpoints);
  }

  /** The other way round. */
  fromWire(name: string): string | null {
    return renamed(name, this.paths);
  }
}

function renamed(name: string, names: ReadonlyMap<string, string>): string | null {
  const value = valueNamed(name);
  switch (value.kind) {
    case "named":
      return names.get(name) ?? null;
    case "slot":
    case "gradient": {
      const parameter = names.get(value.parameter);
      return parameter === undefined ? null : nameOf({ ...value, parameter });
    }
    default:
      return null;
  }
}

/** The shapes of parameters and of what is kept for them, by their paths. */
export class KeptShapes {
  private readonly shapes: ReadonlyMap<string, readonly number[]>;

  constructor({ parameters }: Pick<TracedSpec, "parameters">) {
    this.shapes = new Map(parameters.map(({ path, type }) => [path, type.shape]));
  }

  shapeOf(name: string): readonly number[] {
    const value = valueNamed(name);
    const shape = this.shapes.get(value.kind === "slot" ? value.parameter : name);
    if (shape === undefined) throw new Error(`the model has no ${name}`);
    return value.kind === "slot" ? slotShape(value.slot, shape) : shape;
  }
}
