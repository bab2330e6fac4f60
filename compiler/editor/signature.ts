import { builtinNamed, isBuiltinName } from "../elaborate/index.ts";
import { cursorAt } from "./cursor.ts";
import type { Declaration } from "./declarations.ts";
import { commentAbove } from "./describe.ts";
import type { Manual } from "./manual.ts";
import type { OpenSpec } from "./open-spec.ts";

/** What a call takes, and which argument is being written. */
export interface Signature {
  /** `lora(rank: int, alpha: float = rank)` */
  readonly label: string;
  /** Each as it stands in the label. */
  readonly parameters: readonly string[];
  readonly active: number;
  readonly about: string;
}

/** The call that is open at an offset. */
export function signatureAt(spec: OpenSpec, offset: number, manual: Manual): Signature | null {
  const { call } = cursorAt(spec.source.text, offset);
  if (call === null) return null;
  const callee = calleeNamed(spec, call.callee, call.offset);
  const taken = callee === null ? builtinParameters(call.callee) : parametersIn(callee);
  if (taken === null) return null;
  const { parameters, about } = {
    parameters: taken,
    about: callee === null ? (manual.operations.get(call.callee) ?? "") : commentAbove(callee.span),
  };
  const byName = parameters.findIndex((each) => call.named !== null && nameIn(each) === call.named);
  return {
    label: `${call.callee}(${parameters.join(", ")})`,
    parameters,
    active: byName >= 0 ? byName : call.index,
    about,
  };
}

/** What a name that is called stands for, from where it is written. */
export function calleeNamed(spec: OpenSpec, callee: string, offset: number): Declaration | null {
  const [first = "", second] = callee.split(".");
  if (second !== undefined) return spec.programNames.qualified(spec.program.written, first, second);
  const scopes = spec.namesOf().known.filter(({ span }) => span.start <= offset && offset <= span.end + 1);
  return scopes.at(-1)?.scope.lookup(first) ?? spec.programNames.scopeOf(spec.program.written).lookup(first);
}

/** The parameters of a declared function, module, adapter or loss, as they are written. */
export function parametersIn({ parameters }: Declaration): readonly string[] | null {
  return (
    parameters?.map(({ span: { source, start, end } }) => source.text.slice(start, end).replace(/\s+/g, " ")) ?? null
  );
}

/** The same of an operation: `keep?` may be left out. */
function builtinParameters(name: string): readonly string[] | null {
  return isBuiltinName(name) ? builtinNamed(name).parameters : null;
}

/** `rank` of `rank: int`, `keep` of `keep?`. */
export function nameIn(parameter: string): string {
  return /^\w+/.exec(parameter)?.[0] ?? "";
}
