import { Builder, type Node, type Program } from "../../ir/index.ts";
import type { PassName } from "../../names.ts";
import {
  drawsDropout,
  hoistLargest,
  loweredProducts,
  mergeProjections,
  optimise,
  type PassContext,
} from "../../passes/index.ts";

/**
 * ONNX Runtime computes what depends on weights alone when it loads a model, with all that lies between in memory at once:
 * right for a weight that is cut, but not for a network over a grid.
 */
const notForOnnx: readonly PassName[] = ["hoist"];

/** How many blocks there are depends on the batch. */
const blocks: readonly PassName[] = ["tile-attention", "tile-rows"];

export interface OnnxOptions {
  /** Whether adapters are folded into the weights that they stand beside; these are then computed once. */
  readonly merge?: boolean;
  /** Whether the program is one of several that become a model for every batch. */
  readonly forAnyBatch?: boolean;
  /** Whether matrix products are in 16 bits; they are in f32 otherwise, whatever the spec says. */
  readonly half?: boolean;
  /** Those that stay in f32 even so, by their places among `productRanges`. */
  readonly inSingle?: ReadonlySet<number>;
}

/** Runs the passes that lead to a program for ONNX, with everything that a run needs in one graph. */
export function optimiseForOnnx(program: Program, context: PassContext, options: OnnxOptions = {}): Program {
  const trainable = options.merge === true ? new Set<string>() : context.trainable;
  return hoistLargest(optimiseUpTo(null, program, context, options), trainable);
}

/** The last pass before products are put in 16 bits. */
const beforeHalf: PassName = "eliminate-common-subexpressions";

/** What a product computes of two operands: the largest absolute value of each of the three, by the names of outputs. */
export interface ProductRange {
  readonly operands: readonly [a: string, b: string];
  readonly result: string;
  /** Where the product is in the model. */
  readonly path: string;
  /** The parameters that an operand depends on alone; null for one that depends on inputs. */
  readonly parameters: readonly [a: readonly string[] | null, b: readonly string[] | null];
}

/** A program that measures what each product that `half` puts in 16 bits has to hold, and its outputs for each of them. */
export function productRanges(
  program: Program,
  context: PassContext,
  options: OnnxOptions,
): { readonly program: Program; readonly ranges: readonly ProductRange[] } {
  const whole = optimiseUpTo(beforeHalf, program, context, { ...options, half: true });
  const outputs = new Map<string, Node>();
  const largest = (name: string, node: Node): string => {
    const build = new Builder(whole.graph, node.origin);
    const axes = node.type.shape.map((_, axis) => axis);
    const size = build.add({ op: "abs" }, node);
    outputs.set(name, axes.length === 0 ? size : build.add({ op: "max", axes, keep: false }, size));
    return name;
  };
  const ranges = loweredProducts(whole).flatMap((node, place): readonly ProductRange[] => {
    const [a, b] = node.inputs;
    if (a === undefined || b === undefined) return [];
    return [
      {
        operands: [largest(`${place}:a`, a), largest(`${place}:b`, b)],
        result: largest(`${place}:product`, node),
        path: node.origin.path,
        parameters: [parametersAlone(a, whole), parametersAlone(b, whole)],
      },
    ];
  });
  return { program: { ...whole, outputs }, ranges };
}

/** The parameters that a value depends on and nothing else; null where it depends on inputs. */
function parametersAlone(node: Node, { graph }: Program): readonly string[] | null {
  const needed = graph.neededFor([node]);
  if (needed.some(({ operation }) => operation.op === "input")) return null;
  return needed.flatMap(({ operation }) => (operation.op === "parameter" ? [operation.path] : []));
}

function optimiseUpTo(
  last: PassName | null,
  program: Program,
  context: PassContext,
  { merge = false, forAnyBatch = false, half = false, inSingle = new Set() }: OnnxOptions,
): Program {
  const precision = half ? ("bf16" as const) : ("f32" as const);
  const inHalf = { ...context, settings: { ...context.settings, precision }, inSingle };
  const bare = optimise(program, context, { last: "lower-draws" });
  // It takes GELU's formula apart for the sake of its gradient.
  const formulas: readonly PassName[] = drawsDropout(program) ? [] : ["collect-factors"];
  const without = new Set<PassName>(["lower-draws", ...notForOnnx, ...formulas, ...(forAnyBatch ? blocks : [])]);
  return optimise(merge ? mergeProjections(bare) : bare, inHalf, { without, last });
}
