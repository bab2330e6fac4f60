import { largestOf } from "../../weights/index.ts";
import type { Reporter } from "../reporter.ts";
import type { KeptProduct } from "./half-ranges.ts";

/** Modules that are listed; a model with one large activation has many. */
const mostNamed = 5;

/** Says which weights and which products stay in 32 bits, and why. */
export function reportKept(reasons: readonly KeptProduct[], reporter: Pick<Reporter, "warning">): void {
  const limit = largestOf("F16");
  const said = new Set<string>();
  const modules = new Map<string, number>();
  for (const reason of reasons) {
    if (reason.kind === "values") {
      modules.set(reason.path, Math.max(reason.largest, modules.get(reason.path) ?? 0));
      continue;
    }
    const { names, largest } = reason;
    const which = names.length === 0 ? "a constant" : names.map(namedWeight).join(", ");
    if (said.has(which)) continue;
    said.add(which);
    const why =
      largest > limit
        ? `its value ${largest} is too large for a 16-bit float, which ends at ${limit}`
        : `all of its values, of at most ${largest}, would be 0 in a 16-bit float`;
    reporter.warning(`${which} stays in 32 bits: ${why}`);
  }
  if (modules.size === 0) return;
  const largest = Math.max(...modules.values());
  const shown = [...modules.keys()].slice(0, mostNamed).map((path) => `\`${path}\``);
  const more = modules.size - shown.length;
  reporter.warning(
    `products in ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""} stay in 32 bits: their values reach ${Number(largest.toPrecision(3))} with made-up inputs, near the end of 16-bit floats, ${limit}`,
  );
}

/** A weight that adapters were folded into is named after the parameter that it stands for. */
function namedWeight(name: string): string {
  const own = name.replace(/:merged(?::\d+)?$/, "");
  return own === name ? `\`${name}\`` : `\`${own}\` (merged)`;
}
