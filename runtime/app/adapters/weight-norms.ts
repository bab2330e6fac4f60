import { openModelFile } from "../../adapters/index.ts";
import { matchNames } from "../../weights/index.ts";
import { type Reporter, refuseBy } from "../reporter.ts";
import { severalCopies } from "../weights/match-tensors.ts";
import type { GivenAdapter } from "./given-adapter.ts";

/** The Frobenius norm of the weight of each adapted module that a file has; null after reporting what is wrong with the file. */
export function weightNorms(
  file: string,
  copy: string | null,
  { updates }: Pick<GivenAdapter, "updates">,
  reporter: Reporter,
): ReadonlyMap<string, number> | null {
  const opened = openModelFile(file);
  if (opened.kind === "wrong") {
    refuseBy([opened.diagnostic], reporter);
    return null;
  }
  try {
    const names = new Map([...updates].map(([module, { attention }]) => [module, weightOf(module, attention)]));
    const wanted = [...names.values()].map((checkpoint) => ({ checkpoint, group: "" }));
    const match = matchNames(wanted, opened.tensors.keys(), copy);
    const several = copy === null ? severalCopies(file, opened, match) : null;
    if (several !== null) {
      refuseBy([several], reporter);
      return null;
    }
    const norms = new Map<string, number>();
    for (const [module, checkpoint] of names) {
      const tensor = opened.tensors.get(match.found.get(checkpoint) ?? "");
      if (tensor === undefined) continue;
      let sum = 0;
      for (const piece of opened.floats(tensor)) for (const value of piece) sum += value * value;
      norms.set(module, Math.sqrt(sum));
    }
    const missing = updates.size - norms.size;
    if (missing > 0) reporter.note(`${file} has no weights of ${missing} of ${updates.size} adapted modules`);
    return norms;
  } finally {
    opened.close();
  }
}

/** The name of a module's weight; that of the projections of an nn.MultiheadAttention is no module's. */
function weightOf(module: string, attention: string | null): string {
  return attention !== null && module === `${attention}.in_proj` ? `${module}_weight` : `${module}.weight`;
}
