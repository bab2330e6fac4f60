import { readdirSync } from "node:fs";
import { problem, type Reporter } from "./reporter.ts";

/** The spec that is meant where none is named: the only one of the working folder. Null after reporting why there is none. */
export function findSpec(named: string | null, command: "train" | "eval", reporter: Reporter): string | null {
  if (named !== null) return named;
  const specs = readdirSync(".").filter((name) => name.endsWith(".vlm"));
  const [only] = specs;
  if (only !== undefined && specs.length === 1) return only;
  const message = only === undefined ? "no spec in this folder" : `there are ${specs.length} specs in this folder`;
  reporter.problem(problem(message, `name one: medctc ${command} ${only ?? "specs/medct.vlm"} --data DIR`));
  return null;
}
