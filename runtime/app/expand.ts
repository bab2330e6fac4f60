import { dirname, join, relative, sep } from "node:path";
import { expandSpec } from "../../compiler/index.ts";
import { hasErrors } from "../../grammar/index.ts";
import { attempt, writeAtomically } from "../files/index.ts";
import { openSpec } from "../specs/index.ts";
import { done, type Ended, type Reporter, refuse, refuseBy } from "./reporter.ts";

/** The whole of a spec as one file that amends no other; written where `output` says, with paths from there. */
export function expand(path: string, output: string | null, reporter: Reporter): Ended<string> {
  const opened = openSpec(path);
  if (opened.kind === "unread") return refuseBy([opened.diagnostic], reporter);
  const [from, to] = [dirname(path), dirname(output ?? path)];
  const relocate = (target: string): string => {
    const way = relative(to, join(from, target)).split(sep).join("/");
    return way.startsWith("../") || !target.startsWith(".") ? way : `./${way}`;
  };
  const isElsewhere = relative(from, to) !== "";
  const { text, diagnostics } = expandSpec(opened.source, opened.library, isElsewhere ? relocate : null);
  reporter.diagnostics(diagnostics);
  if (text === null || hasErrors(diagnostics)) return { kind: "refused" };
  if (output === null) return done(text);
  const written = attempt(output, () => writeAtomically(output, text));
  return written.kind === "failed" ? refuse(written.problem, reporter) : done(text);
}
