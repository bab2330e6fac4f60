import { readdirSync } from "node:fs";
import { fail } from "./fail.ts";
import type { Terminal } from "./terminal.ts";

/** The spec that is meant where none is named: the only one of the working folder. Null after saying why there is none. */
export function findSpec(named: string | null, command: "train" | "eval", terminal: Terminal): string | null {
  if (named !== null) return named;
  const specs = readdirSync(".").filter((name) => name.endsWith(".vlm"));
  const [only] = specs;
  if (only !== undefined && specs.length === 1) return only;
  const problem =
    only === undefined ? "there is no spec in this folder" : `there are ${specs.length} specs in this folder`;
  fail(problem, `name one: medctc ${command} ${only ?? "specs/medct.vlm"} --data DIR`, terminal);
  return null;
}
