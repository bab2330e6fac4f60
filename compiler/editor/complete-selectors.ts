import { type Element, explainSelectors } from "../select/index.ts";
import { type Cursor, pathBefore } from "./cursor.ts";
import type { OpenSpec } from "./open-spec.ts";
import type { Suggestion } from "./suggestion.ts";

/** Whether what is being written is a selector: behind `on`, `except`, `freeze` and the like, outside of a call. */
export function isInSelector({ block, statement, call }: Cursor): boolean {
  if (block !== "model") return false;
  const words = statement.map(({ image }) => image);
  const [first] = words;
  if (first === "expect") return call?.callee === "count" || call?.callee === "trainable";
  if (call !== null) return false;
  return (
    first === "freeze" || first === "train" || first === "group" || words.includes("on") || words.includes("except")
  );
}

/** What a selector may go on with, with what it then selects: names of modules and parameters below, and roles. */
export function selectorsAfter(spec: OpenSpec, start: number, elements: readonly Element[]): readonly Suggestion[] {
  const { written, names: path } = pathBefore(spec.source.text, start);
  const { families } = spec.programNames;
  const roles = [...families.values()].flatMap(({ family, roles: own }) =>
    own.map(({ name }) => `${family.text}.${name.text}`),
  );
  const ofFamily = families.get(path.at(-1) ?? "")?.roles.map(({ name }) => name.text) ?? [];
  const candidates =
    path.length === 0 ? namesBelow(path, elements) : [...ofFamily, ...namesBelow(path, elements), ...roles];
  return [...new Set(candidates)].flatMap((text): readonly Suggestion[] => {
    const { matches } = explainSelectors(written + text, elements);
    // `heads` by itself is nothing, but what stands behind it is.
    if (matches.length === 0 && path.length > 0) return [];
    const detail = matches.length === 0 ? "" : `selects ${matches.length}`;
    return [{ text, kind: "selector", detail, about: "", insert: text }];
  });
}

/** The names of the steps directly below a path. */
function namesBelow(path: readonly string[], elements: readonly Element[]): readonly string[] {
  return elements.flatMap(({ steps }) => {
    const names = steps.map(({ name }) => name);
    const depth = depthOf(names, path);
    const next = names[depth];
    const isBelow = names.length === depth + 1 || path.length === 0;
    return depth < 0 || next === undefined || !isBelow ? [] : [next];
  });
}

/** How many steps a path leads down, or -1 where it does not lead there. */
function depthOf(steps: readonly string[], path: readonly string[]): number {
  let at = 0;
  for (const [index, name] of path.entries()) {
    const found = steps.indexOf(name, at);
    if (found < 0 || (index === 0 && found > 0)) return -1;
    at = found + 1;
  }
  return at;
}
