/** What an optimizer keeps for a parameter. */
export type OptimizerSlot = "mean" | "square" | "velocity" | "row" | "column";

/** What a training keeps for a parameter: that, or the average of its values. */
export type Slot = OptimizerSlot | "average";

/** The shape of what is kept for a parameter of some shape; of means along an axis that one is 1. */
export function slotShape(slot: Slot, shape: readonly number[]): readonly number[] {
  switch (slot) {
    case "mean":
    case "square":
    case "velocity":
    case "average":
      return shape;
    case "row":
      return shape.with(-1, 1);
    case "column":
      return shape.with(-2, 1);
  }
}

/** A value that a program reads, gives or changes. Its name is what stands in prints, models and checkpoints. */
export type ProgramValue =
  /** A parameter by its path, a loss, a value of the model, an input, or what is computed once. */
  | { readonly kind: "named"; readonly name: string }
  | { readonly kind: "gradient"; readonly parameter: string }
  /** What the micro-batches of a step have added up so far. */
  | { readonly kind: "gradient-sum"; readonly parameter: string }
  | { readonly kind: "slot"; readonly slot: Slot; readonly parameter: string }
  /** A number that is logged: a metric, or one of several losses. */
  | { readonly kind: "metric" | "loss-term"; readonly name: string }
  /** A value at which the rows of a batch meet, and the gradient of the loss there. */
  | { readonly kind: "embedding" | "embedding-gradient"; readonly index: number }
  /** Activations of the frozen layers. */
  | { readonly kind: "feature"; readonly index: number }
  /** What `encode_image` gives under that name, where another program reads it. */
  | { readonly kind: "encoded"; readonly output: string }
  /** In ONNX, the output that is the new value of what is changed. */
  | { readonly kind: "next"; readonly of: string };

/** The name of a value: `gradient:` and the path of a parameter, `mean:` and that path. */
export function nameOf(value: ProgramValue): string {
  switch (value.kind) {
    case "named":
      return value.name;
    case "gradient":
      return `gradient:${value.parameter}`;
    case "gradient-sum":
      return `sum:${value.parameter}`;
    case "slot":
      return `${value.slot}:${value.parameter}`;
    case "metric":
      return `metric:${value.name}`;
    case "loss-term":
      return `loss:${value.name}`;
    case "embedding":
      return `embedding:${value.index}`;
    case "embedding-gradient":
      return `embedding_gradient:${value.index}`;
    case "feature":
      return `feature:${value.index}`;
    case "encoded":
      return `encoded:${value.output}`;
    case "next":
      return `next:${value.of}`;
  }
}

/** The value that a name means. */
export function valueNamed(name: string): ProgramValue {
  const colon = name.indexOf(":");
  const before = name.slice(0, Math.max(0, colon));
  const rest = name.slice(colon + 1);
  switch (before) {
    case "gradient":
      return { kind: "gradient", parameter: rest };
    case "sum":
      return { kind: "gradient-sum", parameter: rest };
    case "mean":
    case "square":
    case "velocity":
    case "row":
    case "column":
    case "average":
      return { kind: "slot", slot: before, parameter: rest };
    case "metric":
      return { kind: "metric", name: rest };
    case "loss":
      return { kind: "loss-term", name: rest };
    case "embedding":
      return { kind: "embedding", index: Number(rest) };
    case "embedding_gradient":
      return { kind: "embedding-gradient", index: Number(rest) };
    case "feature":
      return { kind: "feature", index: Number(rest) };
    case "encoded":
      return { kind: "encoded", output: rest };
    case "next":
      return { kind: "next", of: rest };
    default:
      return { kind: "named", name };
  }
}

/** Whether an output is what a training step says of the model: its loss, or what is logged beside it. */
export function isMeasured(output: string): boolean {
  const { kind } = valueNamed(output);
  return output === "loss" || kind === "metric" || kind === "loss-term";
}

/** Whether a value changes in training: what is learned, what is kept for it between runs, and the rest. */
export type ValueRole = "trainable" | "state" | "frozen";

export function roleOf(name: string, trainable: ReadonlySet<string>): ValueRole {
  const value = valueNamed(name);
  switch (value.kind) {
    case "named":
      return trainable.has(name) ? "trainable" : "frozen";
    case "gradient":
    case "gradient-sum":
    case "slot":
      return trainable.has(value.parameter) ? "state" : "frozen";
    case "metric":
    case "loss-term":
    case "embedding":
    case "embedding-gradient":
    case "feature":
    case "encoded":
    case "next":
      return "frozen";
  }
}
