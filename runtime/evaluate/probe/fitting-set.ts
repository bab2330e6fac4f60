import { at } from "../../at.ts";
import { type Bending, bendingOf, productsOf } from "./bending.ts";
import { type ClassExamples, type Coefficients, fitLogistic, probabilitiesOf, sumOfLosses } from "./logistic.ts";
import { type Features, standardised, standardOf } from "./standardise.ts";

/** [examples][classes]: whether the example has the class; null where that is not known. */
export type Labels = readonly (readonly (boolean | null)[])[];

/** Examples that probes are fitted on, with what those of all classes and strengths share. */
export interface FittingSet {
  /** Coefficients of one class's probe, found from others on. */
  readonly fit: (index: number, strength: number, tolerance: number, start: Coefficients) => Coefficients;
  /** Other examples as probes of this set see them. */
  readonly others: (examples: Int32Array) => OtherExamples;
}

export interface OtherExamples {
  readonly examples: Int32Array;
  /** The sum of log losses of those with a label for a class. */
  readonly lossOf: (index: number, coefficients: Coefficients) => number;
  /** For each the probability of the class. */
  readonly probabilities: (coefficients: Coefficients) => Float64Array;
}

export function fittingSet(latents: Features, labels: Labels, examples: Int32Array): FittingSet {
  const { width } = latents;
  const standard = standardOf(latents, examples);
  const features = standardised(latents, examples, standard);
  const products = productsOf(features);
  const bendings = new Map<number, Bending>();
  const bendingBy = (strength: number): Bending => {
    const bending = bendings.get(strength) ?? bendingOf(products, width, examples.length, strength);
    bendings.set(strength, bending);
    return bending;
  };
  return {
    fit: (index, strength, tolerance, start) =>
      fitLogistic(classExamples(features, labels, examples, index), strength, tolerance, start, bendingBy(strength)),
    others: (held) => {
      const own = standardised(latents, held, standard);
      return {
        examples: held,
        lossOf: (index, coefficients) => sumOfLosses(classExamples(own, labels, held, index), coefficients),
        probabilities: (coefficients) => probabilitiesOf(own, coefficients),
      };
    },
  };
}

/** The examples with a label for a class. `examples` says which example each row of the features is. */
function classExamples(features: Features, labels: Labels, examples: Int32Array, index: number): ClassExamples {
  const rows: number[] = [];
  const present: number[] = [];
  for (const [row, example] of examples.entries()) {
    const label = at(at(labels, example), index);
    if (label === null) continue;
    rows.push(row);
    present.push(Number(label));
  }
  return { features, rows: Int32Array.from(rows), present: Float64Array.from(present) };
}
