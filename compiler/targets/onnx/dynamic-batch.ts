import { dataTypes } from "./lower/index.ts";
import { type InlineTensor, int, type NamedType, type OnnxModel, type OnnxNode, type OnnxType } from "./messages.ts";

/** Batches that no other size of a model is likely to be a multiple of. */
export const trialBatches = [1009, 1013, 1019] as const;

/** What a number of a model is, as a function of the batch: factor * batch + offset, or factor / batch. */
type Law =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "affine"; readonly factor: number; readonly offset: number }
  | { readonly kind: "inverse"; readonly factor: number };

/**
 * One model for every batch, from what the same program is at three of them: numbers that differ are computed from the
 * first size of an input. The third batch has to agree with what the first two say. Gives in words why there is none.
 */
export function withDynamicBatch(models: readonly OnnxModel[]): OnnxModel | string {
  const [first, ...others] = models;
  if (first === undefined || models.length !== trialBatches.length) return "it is needed at three batches";
  const source = first.inputs.find(({ type }) => type.shape[0] === trialBatches[0]);
  if (source === undefined) return "no input has the batch as its first size";
  for (const other of others) {
    if (JSON.stringify(other.nodes) !== JSON.stringify(first.nodes)) return "it has other operations at another batch";
    if (JSON.stringify(other.weights) !== JSON.stringify(first.weights)) return "its weights depend on the batch";
  }
  const shapesOnly = new Set(first.nodes.flatMap(({ op, inputs }) => (op === "Reshape" ? inputs.slice(1, 2) : [])));
  const inline: InlineTensor[] = [];
  const computed = new BatchNumbers(source.name);
  for (const [index, tensor] of first.inline.entries()) {
    const laws = tensor.values.map((_, place) => lawOf(models.map((model) => model.inline[index]?.values[place])));
    const known = laws.filter((law) => law !== null);
    if (known.length < laws.length) return `a number of ${tensor.name} follows no law that is known`;
    const moving = known.filter((law) => law.kind !== "constant");
    if (moving.length === 0) inline.push(tensor);
    else if (shapesOnly.has(tensor.name) && moving.length === 1) {
      // A reshape finds the one size that it is not told.
      inline.push({
        ...tensor,
        values: tensor.values.map((value, at) => (known[at]?.kind === "constant" ? value : -1)),
      });
    } else computed.define(tensor, known);
  }
  const type = (named: NamedType, at: (model: OnnxModel) => NamedType | undefined): OnnxType | null => {
    const sizes = named.type.shape.map((_, axis) => lawOf(models.map((model) => at(model)?.type.shape[axis])));
    const names = sizes.map((law) => (law === null ? null : sizeName(law)));
    const known = names.filter((name) => name !== null);
    return known.length < names.length ? null : { dtype: named.type.dtype, shape: named.type.shape, sizes: known };
  };
  const inputs = first.inputs.map((input, index) => ({ ...input, type: type(input, (each) => each.inputs[index]) }));
  const outputs = first.outputs.map((output, index) => ({
    ...output,
    type: type(output, (each) => each.outputs[index]),
  }));
  const typed = <Named extends { readonly type: OnnxType | null }>(named: readonly Named[]) =>
    named.flatMap((each) => (each.type === null ? [] : [{ ...each, type: each.type }]));
  if (typed(inputs).length + typed(outputs).length < inputs.length + outputs.length)
    return "a size of an input or output follows no law that is known";
  return {
    ...first,
    nodes: [...computed.nodes, ...first.nodes],
    inline: [...inline, ...computed.constants],
    inputs: typed(inputs),
    outputs: typed(outputs),
  };
}

function lawOf(values: readonly (number | undefined)[]): Law | null {
  const [a, b, c] = values;
  const [first, second, third] = trialBatches;
  if (a === undefined || b === undefined || c === undefined) return null;
  if (a === b && b === c) return { kind: "constant", value: a };
  const factor = (b - a) / (second - first);
  const offset = a - factor * first;
  if (Number.isInteger(factor) && factor * third + offset === c) return { kind: "affine", factor, offset };
  const inverse = a * first;
  const agrees = [b * second, c * third].every((each) => Math.abs(each - inverse) <= 1e-6 * Math.abs(inverse));
  return agrees ? { kind: "inverse", factor: inverse } : null;
}

function sizeName(law: Law): string | number | null {
  switch (law.kind) {
    case "constant":
      return law.value;
    case "affine": {
      const { factor, offset } = law;
      if (factor === 1 && offset === 0) return "batch";
      return offset === 0 ? `${factor} * batch` : `${factor} * batch + ${offset}`;
    }
    case "inverse":
      return null;
  }
}

/** Nodes that compute numbers from the batch, under the names of the constants that they take the place of. */
class BatchNumbers {
  readonly nodes: OnnxNode[] = [];
  readonly constants: InlineTensor[] = [];
  private readonly source: string;
  private readonly known = new Map<string, string>();

  constructor(source: string) {
    this.source = source;
  }

  define({ name, type }: InlineTensor, laws: readonly Law[]): void {
    const parts = laws.map((law) => this.number(law, type));
    const [only] = parts;
    const whole = parts.length === 1 && only !== undefined ? only : this.add("Concat", parts, { axis: int(0) });
    this.nodes.push({
      name: `${name}/Reshape`,
      op: "Reshape",
      inputs: [whole, this.constant("i64", type.shape, [type.shape.length])],
      output: name,
      attributes: {},
    });
  }

  /** A vector of one element. */
  private number(law: Law, { dtype }: OnnxType): string {
    switch (law.kind) {
      case "constant":
        return this.constant(dtype, [law.value]);
      case "affine": {
        const scaled =
          law.factor === 1 ? this.batch() : this.add("Mul", [this.batch(), this.constant("i64", [law.factor])]);
        const moved = law.offset === 0 ? scaled : this.add("Add", [scaled, this.constant("i64", [law.offset])]);
        return dtype === "i64" ? moved : this.add("Cast", [moved], { to: int(dataTypes[dtype]) });
      }
      case "inverse":
        return this.add("Div", [
          this.constant(dtype, [law.factor]),
          this.add("Cast", [this.batch()], { to: int(dataTypes[dtype]) }),
        ]);
    }
  }

  private batch(): string {
    return this.add("Shape", [this.source], { start: int(0), end: int(1) });
  }

  private add(op: string, inputs: readonly string[], attributes: OnnxNode["attributes"] = {}): string {
    const key = JSON.stringify([op, inputs, attributes]);
    const found = this.known.get(key);
    if (found !== undefined) return found;
    const name = `batch/${op}_${this.nodes.length}`;
    this.nodes.push({ name, op, inputs, output: name, attributes });
    this.known.set(key, name);
    return name;
  }

  private constant(
    dtype: OnnxType["dtype"],
    values: readonly number[],
    shape: readonly number[] = [values.length],
  ): string {
    const key = `${dtype} ${values.join()}`;
    const found = this.known.get(key);
    if (found !== undefined) return found;
    const name = `batch/constant_${this.constants.length}`;
    this.constants.push({ name, type: { dtype, shape }, values });
    this.known.set(key, name);
    return name;
  }
}
