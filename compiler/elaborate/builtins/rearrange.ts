import { at } from "../../at.ts";
/** A rearrangement as three steps: take axes apart, order them, put them together. */
export interface RearrangePlan {
  readonly apart: readonly number[];
  readonly permutation: readonly number[];
  readonly together: readonly number[];
}

type Group = readonly string[];

/**
 * Plans what a pattern of einops (`b (t p) d -> (b t) p d`) does to a shape. Letters whose size is not given are found
 * from the shape, at most one in a group; `1` stands for an axis of size 1. Says in words what does not work.
 */
export function planRearrange(
  pattern: string,
  shape: readonly number[],
  given: ReadonlyMap<string, number>,
): RearrangePlan | string {
  const sides = pattern.split("->");
  if (sides.length !== 2) return "it needs one `->`";
  const from = parseSide(at(sides, 0));
  const to = parseSide(at(sides, 1));
  if (typeof from === "string") return from;
  if (typeof to === "string") return to;
  if (from.length !== shape.length) return `its left side has ${from.length} axes, and the tensor has ${shape.length}`;
  const sizes = new Map<string, number>();
  for (const [index, group] of from.entries()) {
    const problem = sizeGroup(group, at(shape, index), given, sizes);
    if (problem !== null) return problem;
  }
  const order = from.flat();
  const target = to.flat();
  if (new Set(order).size !== order.length) return "a letter stands twice on its left side";
  if (new Set(target).size !== target.length) return "a letter stands twice on its right side";
  const lost = order.find((letter) => !target.includes(letter));
  if (lost !== undefined) return `\`${lost}\` is missing on its right side`;
  const made = target.find((letter) => !order.includes(letter));
  if (made !== undefined) return `\`${made}\` is missing on its left side`;
  const unused = [...given.keys()].find((letter) => !order.includes(letter));
  if (unused !== undefined) return `the size of \`${unused}\` is given, and the letter is not in it`;
  const sizeOf = (letter: string): number => sizes.get(letter) ?? 1;
  return {
    apart: order.map(sizeOf),
    permutation: target.map((letter) => order.indexOf(letter)),
    together: to.map((group) => group.reduce((product, letter) => product * sizeOf(letter), 1)),
  };
}

/** The groups of one side; an axis of size 1 is a group without letters. */
function parseSide(side: string): readonly Group[] | string {
  const groups: Group[] = [];
  let open: string[] | null = null;
  for (const token of side.match(/[()]|[^\s()]+/g) ?? []) {
    if (token === "(") {
      if (open !== null) return "it has brackets within brackets";
      open = [];
    } else if (token === ")") {
      if (open === null) return "it has a `)` without its `(`";
      groups.push(open);
      open = null;
    } else if (token === "1") {
      if (open === null) groups.push([]);
    } else if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(token)) {
      if (open === null) groups.push([token]);
      else open.push(token);
    } else {
      return `\`${token}\` is not a letter`;
    }
  }
  return open === null ? groups : "it has a `(` without its `)`";
}

function sizeGroup(
  group: Group,
  size: number,
  given: ReadonlyMap<string, number>,
  sizes: Map<string, number>,
): string | null {
  let known = 1;
  let unknown: string | null = null;
  for (const letter of group) {
    const value = given.get(letter);
    if (value !== undefined) {
      known *= value;
      sizes.set(letter, value);
    } else if (unknown === null) {
      unknown = letter;
    } else {
      return `the size of \`${unknown}\` or of \`${letter}\` must be given`;
    }
  }
  if (unknown === null)
    return known === size ? null : `\`${group.join(" ") || "1"}\` is ${known}, and the axis has ${size}`;
  const rest = size / known;
  if (!Number.isInteger(rest)) return `an axis of ${size} does not divide by ${known} in \`(${group.join(" ")})\``;
  sizes.set(unknown, rest);
  return null;
}
