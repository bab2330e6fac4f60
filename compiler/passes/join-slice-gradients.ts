import { at } from "../at.ts";
import { type Builder, type Node, type Program, printType, rewrite } from "../ir/index.ts";
import { consumersOf } from "./consumers.ts";

/**
 * The gradient of a value that was cut is a sum of parts, each padded with zeros to the size of the whole. Parts at the same
 * place are added before they are padded, and parts that meet are put side by side, so that little or nothing is filled
 * with zeros and added.
 */
export function joinSliceGradients(program: Program): Program {
  const consumers = consumersOf(program);
  /** Sums that are only read by a sum of the same type, which adds up all of it. */
  const inner = new Set<Node>();
  const isInner = (node: Node): boolean => {
    const [consumer, ...others] = consumers(node);
    return consumer !== undefined && consumer !== node && others.length === 0 && isSum(consumer);
  };
  return rewrite(program, (node, inputs, build) => {
    if (!isSum(node)) return null;
    if (isInner(node)) {
      const sum = build.copy(node, inputs);
      inner.add(sum);
      return sum;
    }
    return joined(
      inputs.flatMap((input) => termsOf(input, inner)),
      build,
    );
  });
}

/** Whether a node adds two values of its own type. */
function isSum({ operation, type, inputs }: Node): boolean {
  return operation.op === "add" && inputs.every((input) => printType(input.type) === printType(type));
}

function termsOf(node: Node, inner: ReadonlySet<Node>): readonly Node[] {
  const terms: Node[] = [];
  const left = [node];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (inner.has(next)) left.push(...next.inputs.toReversed());
    else terms.push(next);
  }
  return terms;
}

/** A sum whose padded parts are joined; null where none can be. */
function joined(terms: readonly Node[], build: Builder): Node | null {
  const whole: Node[] = [];
  const byAxis = new Map<number, PaddedPart[]>();
  for (const term of terms) {
    const padded = paddedPart(term);
    if (padded === null) whole.push(term);
    else byAxis.set(padded.axis, [...(byAxis.get(padded.axis) ?? []), padded]);
  }
  const runs = [...byAxis.values()].flatMap((parts) => runsOf(addedAtSamePlaces(parts, build)));
  if (whole.length + runs.length === terms.length) return null;
  return [...whole, ...runs.map((run) => placed(run, build))].reduce((sum, term) =>
    build.add({ op: "add" }, sum, term),
  );
}

/** Parts in the order of their places, of which no two are the same. */
function addedAtSamePlaces(parts: readonly PaddedPart[], build: Builder): readonly PaddedPart[] {
  const places = new Map<string, PaddedPart>();
  for (const part of parts) {
    const place = `${part.before} ${part.after}`;
    const known = places.get(place);
    const sum = known === undefined ? part.part : build.add({ op: "add" }, known.part, part.part);
    places.set(place, { ...part, part: sum });
  }
  return [...places.values()].sort((a, b) => a.before - b.before || b.after - a.after);
}

/** Parts that meet one after the other. */
type Run = readonly [PaddedPart, ...PaddedPart[]];

function runsOf(parts: readonly PaddedPart[]): readonly Run[] {
  const runs: [PaddedPart, ...PaddedPart[]][] = [];
  for (const part of parts) {
    const run = runs.find((each) => endOf(each.at(-1) ?? each[0]) === part.before);
    if (run === undefined) runs.push([part]);
    else run.push(part);
  }
  return runs;
}

function endOf({ before, part, axis }: PaddedPart): number {
  return before + at(part.type.shape, axis);
}

/** A run side by side, padded where it is not the whole. */
function placed(run: Run, build: Builder): Node {
  const [first] = run;
  const { axis, before } = first;
  const { after } = run.at(-1) ?? first;
  const parts = run.flatMap(({ part }) => partsOf(part, axis));
  const joined = run.length === 1 ? first.part : build.add({ op: "concat", axis }, ...parts);
  if (before === 0 && after === 0) return joined;
  const amounts = joined.type.shape.map((_, each) => (each === axis ? ([before, after] as const) : ([0, 0] as const)));
  return build.add({ op: "pad", amounts }, joined);
}

/** What is put side by side already, so that many parts are put together at once. */
function partsOf(node: Node, axis: number): readonly Node[] {
  return node.operation.op === "concat" && node.operation.axis === axis ? node.inputs : [node];
}

interface PaddedPart {
  readonly part: Node;
  readonly axis: number;
  readonly before: number;
  readonly after: number;
}

/** A value that is padded along one axis. */
function paddedPart({ operation, inputs: [part] }: Node): PaddedPart | null {
  if (operation.op !== "pad" || part === undefined) return null;
  const padded = operation.amounts.flatMap(([before, after], axis) =>
    before + after > 0 ? [{ part, axis, before, after }] : [],
  );
  return padded.length === 1 ? (padded[0] ?? null) : null;
}
