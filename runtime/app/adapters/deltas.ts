import { evaluateExactly, foldModel } from "../../../compiler/index.ts";
import { report } from "../../../grammar/index.ts";
import { problem, type Refused, type Reporter, refuse, refuseBy } from "../reporter.ts";
import { openWeights } from "../weights/open.ts";
import type { AdaptedSpec } from "./adapted-spec.ts";

/** What an adapter adds to a module's weight, as a matrix by rows. */
export interface Delta {
  readonly module: string;
  readonly outputs: number;
  readonly inputs: number;
  readonly values: Float64Array;
}

/** How far a folded weight may be from its weight and what is added, relative to that: rounding of 64-bit floats. */
const tolerance = 1e-9;

/**
 * What an adapter of any kind adds to the weights of its modules, by the spec that it is of: LoHa's products, LoKr's, AdaLoRA's. Where what
 * becomes of a weight is something else than the weight and a sum, as in OFT, there is none, and that is refused.
 */
export function deltasOf(adapter: string, spec: AdaptedSpec, reporter: Reporter): readonly Delta[] | Refused {
  const { compiled } = spec;
  const opened = openWeights("all", compiled, { weights: null, adapter, allowMissing: [] });
  if (opened.kind === "wrong") return refuseBy(opened.diagnostics, reporter);
  try {
    const { modules, replaced, left } = foldModel(compiled.spec, compiled.plan);
    const [unfolded] = left;
    if (unfolded !== undefined) {
      const message = `\`${unfolded}\` of ${spec.path} cannot be folded into a weight, so it adds nothing to one`;
      return refuse(problem(message, null), reporter);
    }
    const [other] = replaced.keys();
    if (other !== undefined) {
      const why = "has another value by the adapter, and nothing that is added to a weight";
      return refuseBy([report("not-only-updates", adapter, { path: adapter, name: other, why })], reporter);
    }
    const deltas: Delta[] = [];
    for (const [path, { weight, bias }] of modules) {
      const { parameter, node } = weight;
      const { shape, checkpoint } = parameter;
      const [outputs = 0, ...others] = shape;
      const inputs = others.reduce((product, size) => product * size, 1);
      reporter.progress(`evaluating ${deltas.length + 1} of ${modules.size} modules`);
      const foldedOf = (weights: Float64Array): Float64Array =>
        Float64Array.from(
          evaluateExactly(node, (each) => (each === parameter.path ? [weights] : opened.piecesOf(each))),
        );
      const values = foldedOf(new Float64Array(outputs * inputs));
      // Numbers without a pattern, of the size of what is added.
      const size = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
      const weights = values.map((_, place) => size * Math.sin(1 + place * place));
      const folded = foldedOf(weights);
      const isSum = folded.every((value, place) => {
        const expected = (weights[place] ?? Number.NaN) + (values[place] ?? Number.NaN);
        return Math.abs(value - expected) <= tolerance * size;
      });
      if (size === 0 ? foldedOf(values.fill(1)).some((value) => value !== 1) : !isSum) {
        const why = "is of an adapter that changes its weight in another way than by adding to it";
        return refuseBy([report("not-only-updates", adapter, { path: adapter, name: path, why })], reporter);
      }
      if (size === 0 && bias !== null && bias.node.operation.op !== "parameter") {
        const why = "is of an adapter that changes its bias alone";
        return refuseBy([report("not-only-updates", adapter, { path: adapter, name: path, why })], reporter);
      }
      const module = checkpoint.replace(/[._]weight$/, "");
      deltas.push({ module, outputs, inputs, values: size === 0 ? values.fill(0) : values });
    }
    return deltas;
  } finally {
    reporter.progressEnd();
    opened.close();
  }
}
