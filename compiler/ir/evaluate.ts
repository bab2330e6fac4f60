import { type Elements, evaluateOperation, type TensorData } from "../ops/index.ts";
import { elementCount, type Node, printType } from "./types.ts";

/** The numbers that the reference evaluator computes in: products and sums are in f64, and what is kept is rounded. */
export type Precision = "f32" | "f64";

/** Values of inputs and parameters, by name and by path. */
export interface Given {
  readonly inputs: ReadonlyMap<string, TensorData>;
  readonly parameters: ReadonlyMap<string, TensorData>;
}

/** The semantics of a graph: every node that some outputs need, computed one after the other. */
export function evaluate(outputs: readonly Node[], given: Given, precision: Precision): ReadonlyMap<Node, TensorData> {
  const values = new Map<Node, TensorData>();
  for (const node of neededFor(outputs)) {
    const { operation, inputs, type } = node;
    if (operation.op === "input" || operation.op === "parameter") {
      values.set(node, givenValue(node, given));
      continue;
    }
    const data: Elements =
      precision === "f32" ? new Float32Array(elementCount(type)) : new Float64Array(elementCount(type));
    const operands = inputs.map((input) => {
      const value = values.get(input);
      if (value === undefined) throw new Error("a node stands after its inputs");
      return value;
    });
    evaluateOperation(operation, operands, type, data);
    if (type.dtype === "bf16") roundToBfloat(data);
    values.set(node, { type, data });
  }
  return values;
}

/** Rounds to the 8 bits that bf16 keeps of a number, to the nearest and of two to the even. */
function roundToBfloat(data: Elements): void {
  const view = new DataView(new ArrayBuffer(4));
  for (const [place, value] of data.entries()) {
    view.setFloat32(0, value);
    const bits = view.getUint32(0);
    view.setUint32(0, (bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff0000);
    data[place] = view.getFloat32(0);
  }
}

function givenValue({ operation, type }: Node, given: Given): TensorData {
  const isInput = operation.op === "input";
  const name = operation.op === "input" ? operation.name : operation.op === "parameter" ? operation.path : "";
  const value = (isInput ? given.inputs : given.parameters).get(name);
  if (value === undefined) throw new Error(`no value is given for ${name}`);
  if (printType(value.type) !== printType(type)) {
    throw new Error(`${name} is ${printType(type)}, and is given as ${printType(value.type)}`);
  }
  return value;
}

/** The nodes on which some others depend, those included, each after its inputs; not what leads to those that are known. */
export function neededFor(outputs: readonly Node[], known: ReadonlySet<Node> = new Set()): readonly Node[] {
  return [...nodesUnder(outputs, known)].sort((a, b) => a.id - b.id);
}

/** The same in no order, for what only looks for some of them: sorting takes longer than finding. */
export function nodesUnder(outputs: readonly Node[], known: ReadonlySet<Node> = new Set()): ReadonlySet<Node> {
  const needed = new Set<Node>();
  const stack = [...outputs];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (needed.has(node) || known.has(node)) continue;
    needed.add(node);
    stack.push(...node.inputs);
  }
  return needed;
}

/** The paths of the parameters that a value depends on, each once. */
export function parametersIn(value: Node): readonly string[] {
  const paths = neededFor([value]).flatMap(({ operation }) => (operation.op === "parameter" ? [operation.path] : []));
  return [...new Set(paths)];
}
