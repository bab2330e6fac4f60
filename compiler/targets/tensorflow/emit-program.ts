import { byteCount, type Node, neededFor, type Program, type TensorType } from "../../ir/index.ts";
import { isMeasured, valueNamed } from "../../programs/index.ts";
import { isComputed, type Value } from "../lowering/index.ts";
import { type GraphWriter, scopeOf } from "./graph-writer.ts";
import { type Attribute, type SignatureDef, type TensorInfo, typeAttribute } from "./graphdef.ts";
import type { OwnKernels } from "./kernels.ts";
import { type Bf16Products, lower, type Target } from "./lower/index.ts";
import { encodeRows, isRowProgram, type Space, type Unit, unitsOf } from "./rows/index.ts";
import type { Variables } from "./variables.ts";

/** What the programs of one model share while they are written. */
export interface Emission {
  readonly writer: GraphWriter;
  readonly variables: Variables;
  readonly bf16Products: Bf16Products;
  readonly kernels: OwnKernels;
}

/** Tensors of at least that many bytes are made and read in the program's order, so that they do not pile up. */
const orderedFrom = 64 * 1024;

/** What a program became: the signature that runs it, and where its values are. */
export interface EmittedProgram {
  readonly signature: SignatureDef;
  readonly values: ReadonlyMap<Node, Value>;
}

/**
 * Writes the nodes of a program. TensorFlow runs whatever is ready, in any order; the large tensors are therefore
 * chained, so that they are made in the program's order, in which they live as short as they can. The first of them is
 * made after the node `after`, when there is one.
 */
export function emitProgram(program: Program, emission: Emission, after: string | null = null): EmittedProgram {
  const { variables, writer, kernels } = emission;
  const { nodes, units, read } = unitsOf(program, kernels.rows);
  const emitter = new Emitter(program, nodes, emission, after, read);
  for (const unit of units) emitter.emit(unit);
  const { values, inputs, reads } = emitter;
  return { signature: { inputs, outputs: emitOutputs(program, values, reads, variables, writer) }, values };
}

class Emitter {
  readonly values = new Map<Node, Value>();
  readonly inputs = new Map<string, TensorInfo>();
  /** What reads each variable, by its handle. */
  readonly reads = new Map<string, string>();
  private readonly forward: ReadonlySet<Node>;
  /** What row programs give. */
  private readonly read: ReadonlySet<Node>;
  private readonly program: Program;
  private readonly emission: Emission;
  /** The last of the large tensors. */
  private last: string | null;

  constructor(
    program: Program,
    nodes: readonly Node[],
    emission: Emission,
    after: string | null,
    read: ReadonlySet<Node>,
  ) {
    this.program = program;
    this.emission = emission;
    this.last = after;
    this.read = read;
    this.forward = forwardPart(program, nodes);
  }

  emit(unit: Unit): void {
    if (isRowProgram(unit)) this.emitRows(unit.members, unit.space);
    else for (const node of unit.members) this.emitNode(node);
  }

  private emitRows(members: readonly Node[], space: Space): void {
    const { inputs, outputs, attributes } = encodeRows(members, space, this.read);
    const operands = inputs.map((input) => valueFor(this.values, input));
    const [first] = outputs;
    if (first === undefined) throw new Error("what is needed is read");
    const target = this.targetFor(first, [...operands.map(({ type }) => type), ...outputs.map(({ type }) => type)]);
    const names = operands.map(({ name }) => name);
    const name = target.add("MedctcRows", names, attributes);
    for (const [index, node] of outputs.entries())
      this.values.set(node, { name: index === 0 ? name : `${name}:${index}`, type: node.type });
  }

  private emitNode(node: Node): void {
    const { program, values, inputs, reads } = this;
    const { writer, variables } = this.emission;
    const { operation, type } = node;
    if (operation.op === "input") {
      const info =
        inputs.get(operation.name)?.name.replace(/:0$/, "") ?? placeholder(program, node, operation.name, writer);
      inputs.set(operation.name, { name: `${info}:0`, type });
      values.set(node, { name: info, type });
      return;
    }
    if (operation.op === "parameter") {
      const { handle, type: stored } = variables.forParameter(program, operation.path, type);
      const read =
        reads.get(handle) ??
        writer.add(this.scopeFor(node), "ReadVariableOp", [handle], { dtype: typeAttribute(stored.dtype) });
      reads.set(handle, read);
      values.set(node, { name: read, type });
      return;
    }
    if (!isComputed(operation)) throw new Error(`${operation.op} is rewritten before anything is emitted`);
    const operands = node.inputs.map((input) => valueFor(values, input));
    const target = this.targetFor(node, [type, ...operands.map((operand) => operand.type)]);
    values.set(node, { name: lower(operation, operands, type, target), type });
  }

  private scopeFor(node: Node): string {
    const { name } = this.program;
    const part = this.forward.has(node) ? name : `${name}/gradients`;
    const { path } = node.origin;
    return path === "" ? part : `${part}/${scopeOf(path)}`;
  }

  /** Where an operation goes that reads and gives values of these types. */
  private targetFor(node: Node, handled: readonly TensorType[]): Target {
    const { writer, bf16Products, kernels } = this.emission;
    const scope = this.scopeFor(node);
    const isOrdered = handled.some((type) => byteCount(type) >= orderedFrom);
    const before = isOrdered ? this.last : null;
    return {
      add: (op, names, attributes) => {
        const name = writer.add(scope, op, before === null ? names : [...names, `^${before}`], attributes);
        if (isOrdered) this.last = name;
        return name;
      },
      addView: (op, names, attributes) => writer.add(scope, op, names, attributes),
      constant: (constantType, numbers) => writer.constant(constantType, numbers),
      list: (numbers) => writer.list(numbers),
      bf16Products,
      ownProducts: kernels.products,
    };
  }
}

/** In a program that trains, what its loss and its metrics depend on; the rest of it are gradients and updates. */
function forwardPart({ outputs, updates }: Program, nodes: readonly Node[]): ReadonlySet<Node> {
  if (!outputs.has("loss") || updates.size === 0) return new Set(nodes);
  return new Set(neededFor([...outputs].flatMap(([name, node]) => (isMeasured(name) ? [node] : []))));
}

function placeholder(program: Program, { type }: Node, name: string, writer: GraphWriter): string {
  return writer.named(`${program.name}/inputs/${scopeOf(name)}`, "Placeholder", [], {
    dtype: typeAttribute(type.dtype),
    shape: { kind: "shape", shape: type.shape },
  });
}

/**
 * The outputs, each after everything that the program writes. Gradients alone are given without writing anything, so that
 * they can be looked at.
 */
function emitOutputs(
  program: Program,
  values: ReadonlyMap<Node, Value>,
  reads: ReadonlyMap<string, string>,
  variables: Variables,
  writer: GraphWriter,
): ReadonlyMap<string, TensorInfo> {
  const assigned: string[] = [];
  for (const [path, node] of program.updates) {
    const { handle } = variables.fed(path, node.type);
    const read = reads.get(handle);
    const inputs = [handle, valueFor(values, node).name, ...(read === undefined ? [] : [`^${read}`])];
    assigned.push(
      writer.named(`${program.name}/updates/${scopeOf(path)}`, "AssignVariableOp", inputs, {
        dtype: typeAttribute(node.type.dtype),
      }),
    );
  }
  const done =
    assigned.length === 0
      ? []
      : [
          `^${writer.add(
            program.name,
            "NoOp",
            assigned.map((name) => `^${name}`),
            {},
          )}`,
        ];
  const outputs = new Map<string, TensorInfo>();
  for (const [name, node] of program.outputs) {
    const identity = writer.named(
      `${program.name}/outputs/${scopeOf(name)}`,
      "Identity",
      [valueFor(values, node).name, ...(valueNamed(name).kind === "gradient" ? [] : done)],
      { T: typeAttribute(node.type.dtype) } satisfies Readonly<Record<string, Attribute>>,
    );
    outputs.set(name, { name: `${identity}:0`, type: node.type });
  }
  return outputs;
}

function valueFor(values: ReadonlyMap<Node, Value>, node: Node): Value {
  const value = values.get(node);
  if (value === undefined) throw new Error("a node stands after its inputs");
  return value;
}
