import { at } from "../at.ts";
import { type Expression, isOfWord, type Place } from "./expression.ts";

/**
 * States of an expression, walked from the end of a name to its start: the states from which the end can be reached. A name takes as many
 * steps as it has characters times the states that are alive there, whatever the expression is; none is tried twice (Thompson, 1968).
 */
export interface Automaton {
  /** How each state is reached: the edges that lead into it. */
  readonly into: readonly (readonly Edge[])[];
  readonly first: number;
  readonly last: number;
}

interface Edge {
  readonly from: number;
  readonly on: Condition;
}

type Condition =
  | { readonly kind: "nothing" }
  | { readonly kind: "character"; readonly fits: (character: string) => boolean }
  | { readonly kind: "place"; readonly place: Place }
  | { readonly kind: "ahead"; readonly part: Automaton; readonly isNegated: boolean };

/** Steps that are left to hold names against the expressions of one file. */
export interface Effort {
  stepsLeft: number;
}

/** How many states an expression has; repeats are written out. */
export function statesOf(expression: Expression): number {
  switch (expression.kind) {
    case "character":
    case "place":
      return 2;
    case "ahead":
      return 2 + statesOf(expression.part);
    case "sequence":
      return 1 + sum(expression.parts);
    case "choice":
      return 2 + sum(expression.choices);
    case "repeat":
      return 2 + Math.max(1, expression.most ?? expression.least + 1) * (1 + statesOf(expression.part));
  }
}

function sum(expressions: readonly Expression[]): number {
  return expressions.reduce((count, each) => count + statesOf(each), 0);
}

export function automatonOf(expression: Expression): Automaton {
  const into: Edge[][] = [];
  const state = (): number => into.push([]) - 1;
  const connect = (from: number, to: number, on: Condition = { kind: "nothing" }): void => {
    at(into, to).push({ from, on });
  };
  /** Adds an expression behind a state, and gives the state behind it. */
  const add = (each: Expression, from: number): number => {
    switch (each.kind) {
      case "sequence":
        return each.parts.reduce((before, part) => add(part, before), from);
      case "choice": {
        const to = state();
        for (const choice of each.choices) connect(add(choice, from), to);
        return to;
      }
      case "repeat": {
        let before = from;
        for (let time = 0; time < each.least; time++) before = add(each.part, before);
        const to = state();
        connect(before, to);
        if (each.most === null) {
          // A state of its own, so that what the part begins with is not entered from what stands before.
          const again = state();
          connect(before, again);
          const behind = add(each.part, again);
          connect(behind, again);
          connect(behind, to);
          return to;
        }
        for (let time = each.least; time < each.most; time++) {
          before = add(each.part, before);
          connect(before, to);
        }
        return to;
      }
      case "character":
      case "place":
      case "ahead": {
        const to = state();
        connect(from, to, each.kind === "ahead" ? { ...each, part: automatonOf(each.part) } : each);
        return to;
      }
    }
  };
  const first = state();
  return { into, first, last: add(expression, first) };
}

/**
 * Whether an expression fits a name from its start: all of it, or with `isWhole` false any part of it. Null when the steps that were left
 * are used up.
 */
export function fitsFromStart(automaton: Automaton, name: string, isWhole: boolean, effort: Effort): boolean | null {
  const starts = startsOf(automaton, Array.from(name), isWhole, effort);
  return starts === null ? null : starts[0] === 1;
}

/** For each place in a name, whether the expression fits what begins there. */
function startsOf(
  { into, first, last }: Automaton,
  name: readonly string[],
  isWhole: boolean,
  effort: Effort,
): Uint8Array | null {
  const starts = new Uint8Array(name.length + 1);
  const ahead = new Map<Automaton, Uint8Array>();
  // The place at which each state was last found alive.
  const seen = new Int32Array(into.length).fill(-1);
  let behind: number[] = [];
  for (let place = name.length; place >= 0; place--) {
    const alive: number[] = [];
    const add = (state: number): void => {
      if (seen[state] === place) return;
      seen[state] = place;
      alive.push(state);
    };
    if (place === name.length || !isWhole) add(last);
    const character = name[place];
    for (const state of behind) {
      for (const { from, on } of at(into, state)) {
        effort.stepsLeft--;
        if (on.kind === "character" && character !== undefined && on.fits(character)) add(from);
      }
    }
    // Grows while it is read.
    for (const state of alive) {
      for (const { from, on } of at(into, state)) {
        effort.stepsLeft--;
        if (on.kind === "nothing") add(from);
        else if (on.kind === "place") {
          if (isAt(on.place, name, place)) add(from);
        } else if (on.kind === "ahead") {
          const found = ahead.get(on.part) ?? startsOf(on.part, name, false, effort);
          if (found === null) return null;
          ahead.set(on.part, found);
          if ((found[place] === 1) !== on.isNegated) add(from);
        }
      }
    }
    if (effort.stepsLeft < 0) return null;
    if (seen[first] === place) starts[place] = 1;
    behind = alive;
  }
  return starts;
}

function isAt(place: Place, name: readonly string[], index: number): boolean {
  switch (place) {
    case "start":
      return index === 0;
    case "end":
      return index === name.length;
    case "word edge":
      return isWordEdge(name, index);
    case "no word edge":
      // Python has none in a text without characters.
      return name.length > 0 && !isWordEdge(name, index);
  }
}

function isWordEdge(name: readonly string[], index: number): boolean {
  return isOfWord(name[index - 1] ?? "") !== isOfWord(name[index] ?? "");
}
