import type { TensorType } from "../../ir/index.ts";
import { UniqueNames } from "../lowering/index.ts";
import { type Attributes, type NodeDef, typeAttribute } from "./graphdef.ts";

/** Collects the nodes of a TensorFlow graph; every node gets a name of its own within its scope. */
export class GraphWriter {
  readonly nodes: NodeDef[] = [];
  private readonly names = new UniqueNames();
  private readonly constants = new Map<string, string>();

  /** Appends a node named after its operation in a scope, and gives its name, which also stands for its first output. */
  add(scope: string, op: string, inputs: readonly string[], attributes: Attributes): string {
    return this.named(`${scope}/${op}`, op, inputs, attributes);
  }

  /** Appends a node; a name that is taken gets a number. */
  named(wanted: string, op: string, inputs: readonly string[], attributes: Attributes): string {
    const name = this.names.take(wanted);
    this.nodes.push({ name, op, inputs, attributes });
    return name;
  }

  /** A constant, one for all that ask for the same; a single value stands for all elements. */
  constant(type: TensorType, values: readonly number[]): string {
    const key = JSON.stringify([type, values]);
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const value = { kind: "tensor", type, values } as const;
    const name = this.add("constants", "Const", [], { dtype: typeAttribute(type.dtype), value });
    this.constants.set(key, name);
    return name;
  }

  /** A list of whole numbers, as operations take shapes and axes. */
  list(values: readonly number[]): string {
    return this.constant({ dtype: "i32", shape: [values.length] }, values);
  }
}

/** The place of a module in TensorBoard's tree: `vision.layers[0].attention` is `vision/layers_0/attention`. */
export function scopeOf(path: string): string {
  return path
    .replaceAll(/\[(\d+)\]/g, "_$1")
    .replaceAll(/[.:]/g, "/")
    .replaceAll(/[^A-Za-z0-9_./-]/g, "_");
}
