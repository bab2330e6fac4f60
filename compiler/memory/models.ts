import type { Node } from "../ir/types.ts";
import { optimise, optimiseForOnnx, type PassContext } from "../passes/index.ts";
import { nodesOf, type Program } from "../programs/program.ts";

/** How something that runs programs uses memory. */
export interface MemoryModel {
  /** Its name in messages. */
  readonly title: string;
  /** Bytes of the process besides a model: Node, the library, the graph. */
  readonly processBytes: number;
  /** The share of the small values that stays with the process as holes in its heap. */
  readonly holes: number;
  /** The passes that lead to a program that is run. */
  readonly optimise: (program: Program, context: PassContext) => Program;
  /** The nodes of a program in the order in which they run. */
  readonly inOrder: (program: Program) => readonly Node[];
}

export const tensorflowMemory: MemoryModel = {
  title: "TensorFlow",
  // On Linux 480 to 520 MiB.
  processBytes: 512 * 1024 * 1024,
  // In steps of medct-small made larger, of 1.1 to 2.4 GiB, it was 0.1 to 1; with 0.5 the whole was within 0.95 and 1.16 of
  // what was measured.
  holes: 0.5,
  optimise: (program, context) => optimise(program, context),
  inOrder: nodesOf,
};

export const onnxMemory: MemoryModel = {
  title: "ONNX Runtime",
  processBytes: 256 * 1024 * 1024,
  holes: 0.5,
  optimise: (program, context) => optimiseForOnnx(program, context),
  inOrder: inOnnxOrder,
};

/**
 * The order in which ONNX Runtime runs a graph, whatever order it is written in (GraphViewer, `ExecutionOrder::DEFAULT`): depth
 * first from the nodes that nothing reads, the last of them first, and into the inputs that stand last first. What is
 * recomputed in a backward pass therefore runs as soon as it can, and saves nothing.
 */
function inOnnxOrder(program: Program): readonly Node[] {
  const nodes = nodesOf(program);
  const places = new Map(nodes.map((node, place) => [node, place]));
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  const stack = nodes.filter((node) => !read.has(node)).map((node) => ({ node, isLeft: false }));
  const seen = new Set<Node>();
  const order: Node[] = [];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { node, isLeft } = top;
    if (isLeft) {
      order.push(node);
      continue;
    }
    if (seen.has(node)) continue;
    seen.add(node);
    stack.push({ node, isLeft: true });
    const inputs = node.inputs.filter((input) => !seen.has(input));
    inputs.sort((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
    for (const input of inputs) stack.push({ node: input, isLeft: false });
  }
  return order;
}
