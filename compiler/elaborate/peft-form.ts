import type { AdapterDeclaration, PeftMember, Span } from "../../grammar/index.ts";
import type { Evaluator } from "./evaluate.ts";
import type { ModuleInstance, PeftForm, PeftValue, Value } from "./values.ts";

/** What an adapter is in PEFT with the arguments of its placement: the fields of its `peft` clause, which no tensor decides. */
export function peftFormOf(
  { type, fields: given, span }: PeftMember,
  { declaration, environment }: ModuleInstance,
  evaluator: Evaluator,
): PeftForm {
  if (declaration.kind !== "adapter") return evaluator.trace.fail("peft-outside-adapter", span, {});
  const fields = new Map<string, PeftValue>();
  for (const { name, value, span: at } of given) {
    if (name === null) return evaluator.trace.fail("unnamed-peft-field", at, {});
    fields.set(name.text, fieldOf(evaluator.evaluate(value, environment), name.text, value.span, evaluator));
  }
  return { type: type.text, fields };
}

/** Whether an adapter belongs to no module in PEFT, which then has its tensors by their own names: `target_modules = none`. */
export function isOfWholeModel({ members }: AdapterDeclaration): boolean {
  return members.some(
    (member) =>
      member.kind === "peft" &&
      member.fields.some(({ name, value }) => name?.text === "target_modules" && value.kind === "none"),
  );
}

function fieldOf(value: Value, name: string, span: Span, evaluator: Evaluator): PeftValue {
  switch (value.kind) {
    case "number":
    case "string":
    case "boolean":
      return value.value;
    case "none":
      return null;
    case "list":
      return value.elements.map((element) => fieldOf(element, name, span, evaluator));
    case "unknown":
      return evaluator.trace.giveUp();
    case "infer":
    case "dtype":
    case "tensor":
    case "initial":
    case "parameter":
    case "instance":
    case "callable":
    case "builtin":
    case "arrow":
    case "imported":
    case "optional-buffer":
    case "axis-name": {
      const expected = "a number, a string, `true`, `false`, `none` or a list of these";
      return evaluator.refuse(`the field \`${name}\` of PEFT's config`, expected, value, span);
    }
  }
}
