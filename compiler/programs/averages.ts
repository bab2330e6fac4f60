import { type Program, rewrite } from "../ir/index.ts";
import { nameOf, valueNamed } from "./values.ts";

/** The parameters of which training steps keep an average. */
export function averagedBy(steps: readonly Program[]): ReadonlySet<string> {
  const changed = steps.flatMap(({ updates }) => [...updates.keys()]).map(valueNamed);
  return new Set(
    changed.flatMap((value) => (value.kind === "slot" && value.slot === "average" ? [value.parameter] : [])),
  );
}

/** A program that reads the averages of some parameters in their place. */
export function readAverages(program: Program, averaged: ReadonlySet<string>): Program {
  return rewrite(program, ({ operation }, _, build) => {
    if (operation.op !== "parameter" || !averaged.has(operation.path)) return null;
    return build.add({ ...operation, path: nameOf({ kind: "slot", slot: "average", parameter: operation.path }) });
  });
}
