import {
  Builder,
  byteCount,
  Graph,
  type Node,
  neededFor,
  type Program,
  reachedByGradients,
  rewrite,
} from "../ir/index.ts";
import type { ProgramName } from "../names.ts";
import { couplingPointsOf, type RowValue } from "./coupling-points.ts";
import { nameOf, valueNamed } from "./values.ts";

/**
 * A training step in micro-batches, for losses that compare all of its rows (GradCache: Gao et al., 2021). `embed`
 * gives, for the rows of a micro-batch, the values at which rows meet; `compare` gives the loss of all of them together and its
 * gradients there; `backpropagate` recomputes a micro-batch and continues with these gradients to the parameters; `update`
 * changes what is trained. Gradients of parameters are added up in a state of their own.
 */
export const microBatchPrograms = [
  "embed",
  "compare",
  "backpropagate",
  "update",
] as const satisfies readonly ProgramName[];

export type MicroBatchProgram = (typeof microBatchPrograms)[number];

/**
 * A program that gives the loss of a model and what is logged beside it, which was traced with the whole batch or with the rows of
 * a micro-batch.
 */
export interface Losses {
  readonly whole: Program;
  readonly microBatch: Program;
}

/** One program of a step in micro-batches; in words why there is none where the model cannot be cut. */
export function buildMicroBatchProgram(
  name: MicroBatchProgram,
  losses: Losses,
  trainable: ReadonlySet<string>,
): Program | string {
  const ofLoss = couplingPointsOf([lossOf(losses.whole)], [lossOf(losses.microBatch)]);
  if (ofLoss === null)
    return "the model's operations are others for the rows of a `micro_batch` than for the whole batch";
  if (ofLoss.length === 0)
    return "the rows of a batch meet before anything is computed of one, so `micro_batch` cannot cut it";
  const points = pointsOfAll(losses);
  if (points === null) return whyNotMeasured(losses);
  const unread = whyNotRead(losses, points);
  if (unread !== null) return unread;
  switch (name) {
    case "embed": {
      const outputs = new Map(
        points.map(({ microBatch }, index) => [nameOf({ kind: "embedding", index }), microBatch]),
      );
      return { ...losses.microBatch, name, outputs };
    }
    case "compare":
      return { ...lossOfEmbeddings(losses.whole, points), name };
    case "backpropagate":
      return {
        ...losses.microBatch,
        name,
        outputs: new Map([["loss", productWithGradients(gradientPoints(points, ofLoss), losses.microBatch)]]),
      };
    case "update":
      return readSums(trainedBy(lossOf(losses.whole), trainable));
  }
}

/** Where rows meet for the loss and for the metrics; the points of the loss are among them. */
function pointsOfAll({ whole, microBatch }: Losses): readonly RowValue[] | null {
  return couplingPointsOf([...whole.outputs.values()], [...microBatch.outputs.values()]);
}

/** Which metric is computed otherwise for the rows of a micro-batch, in words. */
function whyNotMeasured({ whole, microBatch }: Losses): string {
  const others = (name: string): boolean => {
    const [ofWhole, ofMicroBatch] = [whole, microBatch].map(({ outputs }) => outputs.get(name));
    if (ofWhole === undefined || ofMicroBatch === undefined) return true;
    return couplingPointsOf([lossOf(whole), ofWhole], [lossOf(microBatch), ofMicroBatch]) === null;
  };
  const name = [...whole.outputs.keys()].find(others) ?? "";
  return `the operations of the ${describe(name)} are others for the rows of a \`micro_batch\` than for the whole batch`;
}

/** Inputs of a micro-batch up to that size are there for the whole batch, too; volumes are too large to be together. */
export const gatheredBytes = 2 ** 20;

/** Which loss or metric reads an input where all rows are together that is too large to be gathered, in words; null for none. */
function whyNotRead({ whole, microBatch }: Losses, points: readonly RowValue[]): string | null {
  const sizes = new Map(
    neededFor([...microBatch.outputs.values()]).flatMap(
      ({ operation, type }): readonly (readonly [string, number])[] =>
        operation.op === "input" ? [[operation.name, byteCount(type)]] : [],
    ),
  );
  const known = new Set(points.map((point) => point.whole));
  for (const [name, node] of whole.outputs) {
    for (const { operation } of neededFor([node], known)) {
      if (operation.op !== "input" || (sizes.get(operation.name) ?? 0) <= gatheredBytes) continue;
      return `the ${describe(name)} reads \`${operation.name}\` where all rows of a batch meet, which is too large for that with \`micro_batch\``;
    }
  }
  return null;
}

/** `metric accuracy`, or `loss` */
function describe(output: string): string {
  const value = valueNamed(output);
  return value.kind === "metric" ? `metric \`${value.name}\`` : "loss";
}

/** The points with their numbers that gradients of the loss come back to. */
function gradientPoints(points: readonly RowValue[], ofLoss: readonly RowValue[]): ReadonlyMap<number, RowValue> {
  const trained = new Set(ofLoss.map(({ whole }) => whole));
  return new Map([...points.entries()].filter(([, { whole }]) => trained.has(whole)));
}

function lossOf({ outputs }: Program): Node {
  const loss = outputs.get("loss");
  if (loss === undefined) throw new Error("what is trained on is a loss");
  return loss;
}

/** The loss, of embeddings that are given. */
function lossOfEmbeddings(program: Program, points: readonly RowValue[]): Program {
  const places = new Map(points.map(({ whole }, index) => [whole, index]));
  return rewrite(program, (node, _, build) => {
    const index = places.get(node);
    return index === undefined
      ? null
      : build.add({ op: "input", name: nameOf({ kind: "embedding", index }), type: node.type });
  });
}

/** A number whose gradients are those of the loss, when the gradients at the embeddings are given. */
function productWithGradients(points: ReadonlyMap<number, RowValue>, program: Program): Node {
  const build = new Builder(program.graph, lossOf(program).origin);
  let product = build.constant(0);
  for (const [index, { microBatch }] of points) {
    const gradient = build.add({
      op: "input",
      name: nameOf({ kind: "embedding-gradient", index }),
      type: microBatch.type,
    });
    const axes = microBatch.type.shape.map((_, axis) => axis);
    product = build.add({ op: "add" }, product, build.sum(build.mul(microBatch, gradient), axes, false));
  }
  return product;
}

/** The gradients that were added up, which start again at zero. */
function readSums(trained: ReadonlyMap<string, Node>): Program {
  const graph = new Graph();
  const outputs = new Map<string, Node>();
  const updates = new Map<string, Node>();
  for (const [path, { type, origin }] of trained) {
    const build = new Builder(graph, origin);
    const sum = nameOf({ kind: "gradient-sum", parameter: path });
    outputs.set(nameOf({ kind: "gradient", parameter: path }), build.add({ op: "parameter", path: sum, type }));
    updates.set(sum, build.broadcast(build.constant(0), type.shape));
  }
  return { name: "update", graph, outputs, updates, once: new Map() };
}

/** The trainable parameters to which gradients of a loss lead, by path. */
function trainedBy(loss: Node, trainable: ReadonlySet<string>): ReadonlyMap<string, Node> {
  const trained = new Map<string, Node>();
  for (const node of reachedByGradients([loss])) {
    const { operation } = node;
    if (operation.op === "parameter" && trainable.has(operation.path)) trained.set(operation.path, node);
  }
  return new Map([...trained].sort(([, a], [, b]) => a.id - b.id));
}
