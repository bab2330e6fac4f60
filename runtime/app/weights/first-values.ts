import { type Compiled, parametersIn } from "../../../compiler/index.ts";

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
  /** Those of the model that have random first values, and those of them that the spec freezes. */
  readonly random: number;
  readonly frozenRandom: number;
  /** First values that are computed from random ones. */
  readonly computed: number;
}

export const nothingFilled: FirstValues = {
  model: { all: 0, first: 0 },
  adapters: { all: 0, first: 0 },
  random: 0,
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
    random: random.size,
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

/** What somebody has to know of first values who evaluates, trains or exports; null where there is nothing to say. */
export function remarkOn(
  { model, adapters, random, frozenRandom, computed }: FirstValues,
  { weights }: { readonly weights: string | null },
  purpose: "evaluate" | "train" | "export",
): FirstValuesRemark | null {
  if (model.first === 0) {
    if (adapters.first === 0 || purpose === "train") return null;
    return {
      kind: "note",
      text: `no --adapter: ${adapters.first} of ${adapters.all} parameters of adapters have their first values`,
    };
  }
  const given = weights === null ? "no --weights" : `${weights} is incomplete`;
  const which = random === 0 ? "their first values" : "random first values";
  const also = computed === 0 ? "" : `, from which ${computed} others are computed`;
  const text = `${given}: ${model.first} of ${model.all} parameters have ${which}${also}`;
  switch (purpose) {
    case "evaluate":
      if (random === 0) return { kind: "note", text };
      return { kind: "warning", text: `${text}; scores mean nothing` };
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
      if (random === 0 || weights !== null) return { kind: "note", text };
      return { kind: "warning", text: `${text}; the export is of an untrained model` };
  }
}
