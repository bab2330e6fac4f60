import { UniqueNames } from "../lowering/index.ts";
import type { Attributes, InlineTensor, OnnxNode, OnnxType } from "./messages.ts";

/** Collects the nodes and the constants of an ONNX graph; every value gets a name of its own. */
export class GraphWriter {
  readonly nodes: OnnxNode[] = [];
  readonly constants: InlineTensor[] = [];
  private readonly names: UniqueNames;
  private readonly known = new Map<string, string>();
  private readonly sharesConstants: boolean;

  /**
   * `reserved` are names of inputs, outputs and weights, which no other value may have. Constants that happen to be equal
   * at one batch are not at another: a model for all of them does not share them.
   */
  constructor(reserved: Iterable<string>, sharesConstants: boolean) {
    this.sharesConstants = sharesConstants;
    this.names = new UniqueNames(reserved);
  }

  /** Appends a node named after its operation in a scope, and gives the name of its result. */
  add(scope: string, op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    const name = this.names.take(`${scope}/${op}`);
    this.nodes.push({ name, op, inputs, output: name, attributes });
    return name;
  }

  /** The same for a node whose result is its second output; nobody reads the first. */
  addSecond(scope: string, op: string, inputs: readonly string[], attributes: Attributes): string {
    const name = this.names.take(`${scope}/${op}`);
    this.nodes.push({ name, op, inputs, unread: this.names.take(`${name}_first`), output: name, attributes });
    return name;
  }

  /** Appends a node whose result has a reserved name. */
  give(output: string, value: string): void {
    this.nodes.push({ name: `outputs/${output}`, op: "Identity", inputs: [value], output, attributes: {} });
  }

  /** A constant, one for all that ask for the same where constants are shared. */
  constant(type: OnnxType, values: readonly number[]): string {
    const key = `${type.dtype} ${type.shape.join(",")}: ${values.map((value) => (Object.is(value, -0) ? "-0" : value)).join(",")}`;
    const found = this.known.get(key);
    if (found !== undefined && this.sharesConstants) return found;
    const name = this.names.take("constants/constant");
    this.constants.push({ name, type, values });
    this.known.set(key, name);
    return name;
  }

  /** A list of whole numbers, as operations take shapes and axes. */
  list(values: readonly number[]): string {
    return this.constant({ dtype: "i64", shape: [values.length] }, values);
  }
}
