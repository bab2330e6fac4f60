import { dirname, join, relative, sep } from "node:path";
import { hasErrors } from "../../grammar/index.ts";
import { attempt, writeAtomically } from "../files/index.ts";
import { checkPath, expandedSpec, openSpec } from "../specs/index.ts";
import type { SpecRequest } from "./compiled-spec.ts";
import { overwriting } from "./overwriting.ts";
import { done, type Ended, type Reporter, refuse, refuseBy, refused } from "./reporter.ts";

export interface ExpandRequest extends SpecRequest {
  /** A file for it; null for none. */
  readonly output: string | null;
}

/** The whole of a spec as one file that amends no other, with paths from where it is written. */
export function expand({ spec: path, set, output }: ExpandRequest, reporter: Reporter): Ended<string> {
  const opened = openSpec(path);
  if (opened.kind === "unread") return refuseBy([opened.diagnostic], reporter);
  const [from, to] = [dirname(path), dirname(output ?? path)];
  const relocate = (target: string): string => {
    const way = relative(to, join(from, target)).split(sep).join("/");
    return way.startsWith("../") || !target.startsWith(".") ? way : `./${way}`;
  };
  const isElsewhere = relative(from, to) !== "";
  const { source, diagnostics } = expandedSpec(opened, set, isElsewhere ? relocate : null);
  const problems = set.length === 0 || hasErrors(diagnostics) ? diagnostics : checkPath(path, set);
  reporter.diagnostics(problems);
  if (source === null || hasErrors(problems)) return refused;
  const { text } = source;
  if (output === null) return done(text);
  const over = overwriting([output], [path, ...opened.library.imported.keys()]);
  if (over !== null) return refuse(over, reporter);
  const written = attempt(output, () => writeAtomically(output, text));
  return written.kind === "failed" ? refuse(written.problem, reporter) : done(text);
}
