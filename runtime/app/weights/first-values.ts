import { type Compiled, parametersIn } from "../../../compiler/index.ts";
import type { DrawnValues } from "../../train/index.ts";

/** How many parameters there are of a kind, and how many of them no file gives, so that they have their first values. */
interface FilledCount {
  readonly all: number;
  readonly first: number;
}

/** The parameters that some programs read, by where their values come from. */
export interface FirstValues {
  /** Those of the model without its adapters. */
  readonly model: FilledCount;
  readonly adapters: FilledCount;
  /** The names in checkpoints of those of the model that have random first values. */
  readonly random: readonly string[];
  /** Those of them that the spec freezes. */
  readonly frozenRandom: number;
  /** First values that are computed from random ones. */
  readonly computed: number;
}

export const nothingFilled: FirstValues = {
  model: { all: 0, first: 0 },
  adapters: { all: 0, first: 0 },
  random: [],
  frozenRandom: 0,
  computed: 0,
};

/** Counts the parameters that are read, by their paths, and those of them that no file gives. */
export function countFirstValues(
  read: ReadonlySet<string>,
  unfilled: ReadonlySet<string>,
  { plan, spec }: Compiled,
): FirstValues {
  const planned = [...(plan?.parameters ?? []), ...(plan?.buffers ?? [])];
  const ofAdapter = new Set(planned.flatMap((each) => (each.ofAdapter ? [each.path] : [])));
  const random = new Set<string>();
  const computed = new Set<string>();
  for (const { path, initial } of spec?.parameters ?? []) {
    if (!unfilled.has(path) || initial.kind === "constant") continue;
    if (initial.kind !== "computed") {
      if (!ofAdapter.has(path)) random.add(path);
    } else if (parametersIn(initial.node).some((each) => random.has(each) || computed.has(each))) computed.add(path);
  }
  const countOf = (isCounted: (path: string) => boolean): FilledCount => ({
    all: [...read].filter(isCounted).length,
    first: [...unfilled].filter(isCounted).length,
  });
  return {
    model: countOf((path) => !ofAdapter.has(path)),
    adapters: countOf((path) => ofAdapter.has(path)),
    random: planned.flatMap(({ path, checkpoint }) => (random.has(path) ? [checkpoint] : [])),
    // Buffers, such as a codebook, are never trained, and nobody froze them.
    frozenRandom: (plan?.parameters ?? []).filter(({ path, trainable }) => !trainable && random.has(path)).length,
    computed: computed.size,
  };
}

/** What is said of parameters that no file gives: loudly where results mean nothing because of them. */
export interface FirstValuesRemark {
  readonly kind: "warning" | "note";
  readonly text: string;
}

/** What first values follow from, and what adapters were trained on. */
export interface FirstValuesOrigin {
  readonly weights: string | null;
  readonly adapter: string | null;
  /** What the file of adapters records of the first values that these were trained on; null without adapters or a record. */
  readonly trainedOn: DrawnValues | null;
  readonly seed: number;
}

/** What somebody has to know of first values who evaluates, trains or exports; null where there is nothing to say. */
export function remarkOn(
  firstValues: FirstValues,
  origin: FirstValuesOrigin,
  purpose: "evaluate" | "train" | "export",
): FirstValuesRemark | null {
  const { model, adapters, random, frozenRandom, computed } = firstValues;
  const { weights } = origin;
  if (model.first === 0) {
    if (adapters.first === 0 || purpose === "train") return null;
    return {
      kind: "note",
      text: `no --adapter: ${adapters.first} of ${adapters.all} parameters of adapters have their first values`,
    };
  }
  const given = weights === null ? "no --weights" : `${weights} is incomplete`;
  const which = random.length === 0 ? "their first values" : "random first values";
  const also = computed === 0 ? "" : `, from which ${computed} others are computed`;
  const text = `${given}: ${model.first} of ${model.all} parameters have ${which}${also}`;
  switch (purpose) {
    case "evaluate":
      if (random.length === 0) return { kind: "note", text };
      return remarkOnTrained(text, random, origin);
    case "train":
      if (computed > 0) return { kind: "warning", text: `${text}; scores mean nothing` };
      if (frozenRandom === 0) return { kind: "note", text };
      // Whoever gives a file and names what it lacks with --allow-missing, such as new heads, means it.
      if (weights !== null) {
        return { kind: "note", text: `${text}, ${frozenRandom} of them in frozen parts, which never learn` };
      }
      return {
        kind: "warning",
        text: `${text}, ${frozenRandom} of them in frozen parts, which never learn; scores mean nothing`,
      };
    case "export":
      if (random.length === 0 || weights !== null) return { kind: "note", text };
      return { kind: "warning", text: `${text}; the export is of an untrained model` };
  }
}

/** What is said who evaluates: adapters fit the random values that they were trained on, and no others. */
function remarkOnTrained(
  text: string,
  random: readonly string[],
  { weights, adapter, trainedOn, seed }: FirstValuesOrigin,
): FirstValuesRemark {
  if (adapter === null) return { kind: "warning", text: `${text}; scores mean nothing` };
  if (trainedOn === null) {
    const unless = `unless ${adapter}, which has no record of it, was trained on the same`;
    return { kind: "warning", text: `${text}; scores mean nothing ${unless}` };
  }
  const known = new Set(trainedOn.parameters);
  const others = random.filter((name) => !known.has(name)).length;
  if (others > 0) {
    return { kind: "warning", text: `${text}, ${others} of which ${adapter} was not trained on; scores mean nothing` };
  }
  if (trainedOn.seed !== seed) {
    const help = `it was trained with seed ${trainedOn.seed}, this is seed ${seed}: add --seed ${trainedOn.seed}`;
    return {
      kind: "warning",
      text: `${text}, not those that ${adapter} was trained on; scores mean nothing (${help})`,
    };
  }
  // As of a training: whoever gives no file has an untrained model.
  if (weights === null) return { kind: "warning", text: `${text}; scores mean nothing` };
  return { kind: "note", text: `${text}, the same that ${adapter} was trained on` };
}
