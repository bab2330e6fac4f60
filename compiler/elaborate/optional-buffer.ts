import type { OptionalBuffer } from "../../grammar/index.ts";
import { type InitialValue, neededFor, type TensorType } from "../ir/index.ts";
import type { Evaluator } from "./evaluate.ts";
import { firstValueOf } from "./first-value.ts";
import type { Environment, OptionalInstance } from "./values.ts";

/** Where an optional buffer stands, and what its declaration knows: arguments, lets and functions, and what is declared before it. */
interface OptionalPlace {
  readonly path: string;
  readonly checkpoint: string;
  readonly type: TensorType;
  readonly environment: Environment;
}

/** An optional buffer whose value follows from what its module is made with; a value of weights, or a drawn one, is refused. */
export function optionalBuffer(
  { name, value, span }: OptionalBuffer,
  { path, checkpoint, type, environment }: OptionalPlace,
  evaluator: Evaluator,
): OptionalInstance {
  if (value === null) return { path, checkpoint, type, value: null, span };
  const what = "the value of an optional buffer";
  const of = { name: name.text, path, type, environment, later: () => new Set<string>(), what };
  const initial = firstValueOf(value, of, evaluator);
  const uses = usedBesides(initial);
  if (uses !== null) evaluator.trace.fail("unfixed-optional-buffer", value.span, { name: name.text, uses });
  if (initial.kind === "constant") return { path, checkpoint, type, value: initial.value, span };
  return { path, checkpoint, type, value: initial.kind === "computed" ? initial.node : null, span };
}

/** What a value depends on besides the arguments of its module, in words; null for nothing. */
function usedBesides(initial: InitialValue): string | null {
  switch (initial.kind) {
    case "constant":
      return null;
    case "normal":
    case "uniform":
      return "is drawn at random";
    case "computed": {
      for (const { operation } of neededFor([initial.node])) {
        if (operation.op === "parameter") return `depends on the weight \`${operation.path}\``;
        if (operation.op === "random_uniform") return "is drawn at random";
      }
      return null;
    }
  }
}
