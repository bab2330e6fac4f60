import { byteCount, type Node, type Program, rewrite } from "../ir/index.ts";
import { buildStep, type TracedSpec } from "./build.ts";
import { frozenValuesOf } from "./coupling-points.ts";
import { nameOf } from "./values.ts";

/** Activations of the frozen layers: the same in every step, so that they need be computed only once. */
export interface Features {
  /** Gives the features of some rows: as many as a micro-batch has. */
  readonly program: Program;
  /** Bytes of one example's features. */
  readonly bytesOfRow: number;
  /** Makes a program of this spec, or of its micro-batches, read features instead of computing them. */
  readonly readBy: (program: Program) => Program;
}

/** Operations that a byte of a feature must save, or its value is as well computed again in every step. */
const flopsPerByte = 500;

/** The features of a spec; null where no frozen part of it is worth it, and where the model has no loss. */
export function featuresOf(spec: TracedSpec): Features | null {
  const rows = spec.settings.microBatch;
  const microBatch = spec.inMicroBatches === null ? spec : spec.inMicroBatches().spec;
  const whole = spec.inMicroBatches === null ? spec.atRows(2 * rows).spec : spec;
  if (microBatch === null || whole === null) return null;
  const [endsOfWhole, endsOfMicroBatch] = [whole, microBatch].map((each) => buildStep(each)?.outputs.values());
  if (endsOfWhole === undefined || endsOfMicroBatch === undefined) return null;
  const values = frozenValuesOf([...endsOfWhole], [...endsOfMicroBatch], spec.trainable, flopsPerByte);
  if (values === null || values.length === 0) return null;
  const names = new Map<Node, string>();
  for (const [index, value] of values.entries()) {
    names.set(value.whole, nameOf({ kind: "feature", index }));
    names.set(value.microBatch, nameOf({ kind: "feature", index }));
  }
  const outputs = new Map(values.map((value, index) => [nameOf({ kind: "feature", index }), value.microBatch]));
  return {
    program: { name: "features", graph: microBatch.graph, outputs, updates: new Map(), once: new Map() },
    bytesOfRow: values.reduce((sum, value) => sum + byteCount(value.microBatch.type) / rows, 0),
    readBy: (program) =>
      rewrite(program, (node, _, build) => {
        const name = names.get(node);
        return name === undefined ? null : build.add({ op: "input", name, type: node.type });
      }),
  };
}
