import { byteCount, type Node, type Program, rewrite } from "../ir/index.ts";
import { buildStep, type TracedSpec } from "./build.ts";
import { frozenValuesOf, sameValuesOf } from "./coupling-points.ts";
import { nameOf } from "./values.ts";

/** Activations of the frozen layers: the same in every step, so that they need be computed only once. */
export interface Features {
  /** Gives the features of one row. */
  readonly program: Program;
  /** Bytes of one example's features. */
  readonly bytesOfRow: number;
  /** Makes a program of this spec, or of its micro-batches, read features instead of computing them. */
  readonly readBy: (program: Program) => Program;
}

/** Operations that a byte of a feature must save, or its value is as well computed again in every step. */
const flopsPerByte = 500;

/**
 * The features of a spec; null where no frozen part of it is worth it, and where the model has no loss. They are computed for one
 * row alone: in a batch, the last bits of a row can follow from its place, and an example's features would from its neighbours.
 */
export function featuresOf(spec: TracedSpec): Features | null {
  const isOneRow = spec.settings.batch === 1;
  const row = isOneRow ? spec : spec.atRows(1).spec;
  const whole = isOneRow ? spec.atRows(2).spec : spec;
  const microBatch = spec.inMicroBatches === null ? whole : spec.inMicroBatches().spec;
  if (row === null || whole === null || microBatch === null) return null;
  const ends = endsOf(row);
  const values = frozenValuesOf(endsOf(whole), ends, spec.trainable, flopsPerByte);
  if (values === null || values.length === 0) return null;
  const inMicroBatch = sameValuesOf(endsOf(microBatch), ends);
  const names = new Map<Node, string>();
  for (const [index, value] of values.entries()) {
    const name = nameOf({ kind: "feature", index });
    names.set(value.whole, name).set(value.microBatch, name);
    const other = inMicroBatch?.get(value.microBatch);
    if (other !== undefined) names.set(other, name);
  }
  const outputs = new Map(values.map((value, index) => [nameOf({ kind: "feature", index }), value.microBatch]));
  return {
    program: { name: "features", graph: row.graph, outputs, updates: new Map(), once: new Map() },
    bytesOfRow: values.reduce((sum, { microBatch: { type } }) => sum + byteCount(type), 0),
    readBy: (program) =>
      rewrite(program, (node, _, build) => {
        const name = names.get(node);
        return name === undefined ? null : build.add({ op: "input", name, type: node.type });
      }),
  };
}

/** What a step gives; nothing where the model has no loss. */
function endsOf(spec: TracedSpec): readonly Node[] {
  return [...(buildStep(spec)?.outputs.values() ?? [])];
}
