import { printBytes, printNumberOf } from "../../../compiler/index.ts";
import type { IntegerWeights } from "../../backends/onnx/index.ts";
import { listWords } from "../../text/index.ts";
import { countOf } from "../../weights/index.ts";

type Left = IntegerWeights["left"][number];

/** Names of weights in one line. */
const mostNames = 4;

/** What `--int8` made of weights, in lines: how many, what it saves, what it changes most, and which stay as they are. */
export function integerLines({ integers, left }: IntegerWeights): readonly string[] {
  const before = integers.reduce((sum, { shape }) => sum + 4 * countOf(shape), 0);
  const after = integers.reduce((sum, { shape, scales }) => sum + countOf(shape) + 4 * scales.length, 0);
  const [worst] = integers.toSorted((a, b) => b.error - a.error);
  const stored =
    worst === undefined
      ? "no weight is stored in 8 bits"
      : `${printNumberOf(integers.length, "weight")} in 8 bits: ${printBytes(before)} become ${printBytes(after)}; ` +
        `largest relative error of an output channel ${printError(worst.error)}, in ${worst.path}`;
  const byReason = new Map<string, Left[]>();
  for (const weight of left) {
    const reason = reasonOf(weight.why);
    byReason.set(reason, [...(byReason.get(reason) ?? []), weight]);
  }
  return [
    stored,
    ...[...byReason].map(([reason, weights]) => {
      const bytes = 4 * weights.reduce((sum, { elements }) => sum + elements, 0);
      return `${printNumberOf(weights.length, "weight")} in 32 bits (${printBytes(bytes)}), ${reason}${namesOf(weights)}`;
    }),
  ];
}

function reasonOf(why: Left["why"]): string {
  switch (why.kind) {
    case "small":
      return "too small to matter";
    case "trained":
      return "trained; --merge folds adapters into what is stored in 8 bits";
    case "read":
      return `also read by \`${why.by}\``;
    case "choice":
      return "deciding which row of a table is taken";
    case "axes":
      return "read along different axes";
    case "not-finite":
      return "with values that are not finite";
    case "outliers":
      return "with outliers, for which 8 bits are too few";
  }
}

function namesOf(weights: readonly Left[]): string {
  if (weights.some(({ why }) => why.kind === "small" || why.kind === "trained")) return "";
  const names = weights.map(({ path, why }) => (why.kind === "outliers" ? `${path} (${lossOf(why)})` : path));
  const more = names.length - mostNames;
  return `: ${listWords(more > 0 ? [...names.slice(0, mostNames), `${more} more`] : names, "and")}`;
}

function lossOf({ error, lost }: { readonly error: number; readonly lost: number }): string {
  return lost > error ? `${printError(lost)} of a channel would become 0` : `an error of ${printError(error)}`;
}

/** `0.84 %` */
function printError(error: number): string {
  return `${(100 * error).toPrecision(2)} %`;
}
