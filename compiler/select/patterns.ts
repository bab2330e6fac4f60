import type { LayerRange, Segment, Selector, Span } from "../../grammar/index.ts";
import type { Step } from "../elaborate/index.ts";

/** A selector in its long form, with the text that says it. */
export interface Pattern {
  readonly segments: readonly Segment[];
  readonly text: string;
  readonly span: Span;
  /** The dotted selector that a bare name continued, if it did. */
  readonly continued: string | null;
}

/** The long forms of a list: `text.attn.q,v` is `text.attn.q` and `text.attn.v`. */
export function expandSelectors(selectors: readonly Selector[]): readonly Pattern[] {
  let dotted: readonly Segment[] = [];
  return selectors.map(({ segments, span }) => {
    const [only] = segments;
    const continues = segments.length === 1 && only?.kind === "segment" && dotted.length > 1;
    const whole = continues ? [...dotted.slice(0, -1), ...segments] : segments;
    if (!continues) dotted = segments;
    return { segments: whole, text: printSegments(whole), span, continued: continues ? printSegments(dotted) : null };
  });
}

export function printSegments(segments: readonly Segment[]): string {
  return segments
    .map((segment) => {
      if (segment.kind === "any") return "*";
      if (segment.kind === "any-depth") return "**";
      return segment.name.text + (segment.layers === null ? "" : `[${segment.layers.map(printRange).join(", ")}]`);
    })
    .join(".");
}

export function printRange({ from, to, single }: LayerRange): string {
  // A range without an end goes to the last layer, one without a start begins at the first.
  return single ? String(from) : `${from ?? ""}..${to ?? ""}`;
}

/**
 * True when a pattern names what stands at these steps: the component first, the last segment last, and those between
 * somewhere between, in their order. A `*` at the end is anything directly under what stands before it.
 */
export function matchesSteps(segments: readonly Segment[], steps: readonly Step[]): boolean {
  const component = segments[0];
  if (component === undefined || !isAt(component, steps[0])) return false;
  const last = segments.length > 1 ? segments.at(-1) : undefined;
  if (last === undefined) return steps.length === 1 || component.kind === "any-depth";
  if (steps.length === 1 || !isAt(last, steps.at(-1))) return false;
  const before = segments.slice(1, -1);
  const inside = steps.slice(1, -1);
  if (last.kind !== "any") return isSubsequence(before, inside);
  const parent = before.at(-1);
  if (parent === undefined) return inside.length === 0;
  return isAt(parent, inside.at(-1)) && isSubsequence(before.slice(0, -1), inside.slice(0, -1));
}

/** True when all segments match some of the steps, in order, after the component. */
export function matchesAround(segments: readonly Segment[], steps: readonly Step[]): boolean {
  const component = segments[0];
  if (component === undefined || !isAt(component, steps[0])) return false;
  return segments.length === 1 || isSubsequence(segments.slice(1), steps.slice(1));
}

/** True when a segment names the last of these steps. */
export function matchesMember(segment: Segment, steps: readonly Step[]): boolean {
  return isAt(segment, steps.at(-1));
}

function isSubsequence(segments: readonly Segment[], steps: readonly Step[]): boolean {
  let matched = 0;
  for (const step of steps) {
    while (segments[matched]?.kind === "any-depth") matched++;
    const segment = segments[matched];
    if (segment === undefined) return true;
    if (matchesStep(segment, step)) matched++;
  }
  while (segments[matched]?.kind === "any-depth") matched++;
  return matched === segments.length;
}

function isAt(segment: Segment, step: Step | undefined): boolean {
  return step !== undefined && matchesStep(segment, step);
}

function matchesStep(segment: Segment, step: Step): boolean {
  if (segment.kind !== "segment") return true;
  if (!matchesName(segment.name.text, step.name)) return false;
  const { layers } = segment;
  const { index, count } = step;
  return layers === null || (index !== null && layers.some((range) => isInRange(range, index, count)));
}

/** True for a name of which no part is left open. */
export function isExact(segment: Segment | undefined): boolean {
  return segment?.kind === "segment" && !segment.name.text.includes("*");
}

/** Each `*` takes as little as it can, so that a name is read once however many there are. */
function matchesName(pattern: string, name: string): boolean {
  // Most have no star, and each is held against every step of a model.
  if (!pattern.includes("*")) return pattern === name;
  const [start = "", ...others] = pattern.split("*");
  const end = others.pop() ?? "";
  let from = start.length;
  if (!name.startsWith(start) || !name.endsWith(end) || name.length < start.length + end.length) return false;
  for (const middle of others) {
    const found = name.indexOf(middle, from);
    if (found < 0) return false;
    from = found + middle.length;
  }
  return from + end.length <= name.length;
}

function isInRange({ from, to, single }: LayerRange, index: number, count: number | null): boolean {
  const first = fromStart(from ?? 0, count);
  return single ? index === first : index >= first && (to === null || index < fromStart(to, count));
}

/** A layer's number from the start; what counts from the end of what is no list is no layer. */
function fromStart(layer: number, count: number | null): number {
  return layer < 0 ? layer + (count ?? Number.NaN) : layer;
}

/** False when a range speaks of a layer that a list of so many does not have. */
export function fitsList({ from, to, single }: LayerRange, count: number): boolean {
  if (from !== null && (from < 0 ? -from : to === null || single ? from + 1 : 0) > count) return false;
  return to === null || Math.abs(to) <= count;
}
