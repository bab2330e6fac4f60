import type { Expression } from "../../grammar/index.ts";
import { type AdapterKind, argumentFor } from "./adapter-kinds.ts";
import { counted, isPattern, isSame, modelFields, ofFiles, unread } from "./declared-config.ts";
import { type Wrong, wrong } from "./json-object.ts";
import type { PlacedGroup } from "./placed-groups.ts";
import type { StoredPlacement } from "./stored-placements.ts";

/** Fields that say what a model is for, which its spec says. */
const ofModel: ReadonlySet<string> = new Set(["target_modules", "task_type"]);

/** The call of a kind of adapter with the arguments that the config gives by its `peft` clause; in words what is otherwise in the config. */
export function callOf(
  kind: AdapterKind,
  placement: StoredPlacement,
): ({ readonly kind: "call"; readonly of: AdapterKind } & Pick<PlacedGroup, "call">) | Wrong {
  const { name, type, parameters, fields } = kind;
  const free = new Set([...wordsIn(fields.get(unread)), ...wordsIn(fields.get(counted))]);
  for (const field of placement.used)
    if (!fields.has(field) && !free.has(field) && !modelFields.has(field))
      return wrong(
        `its \`${field}\` is ${shown(placement.valueOf(field, undefined))}, which no ${type} of the library has`,
      );
  const patterns = new Map(
    [...fields].flatMap(([field, value]) =>
      isPattern(field) && value.kind === "string" ? [[value.value, field] as const] : [],
    ),
  );
  const values = new Map<string, unknown>();
  for (const [field, expression] of fields) {
    const mask = isPattern(field) ? maskIn(expression) : null;
    if (mask !== null) values.set(mask.parameter, placement.rowsOf(mask.tensor));
    if (isPattern(field) || ofModel.has(field) || ofFiles.has(field) || free.has(field)) continue;
    const stored = placement.valueOf(field, patterns.get(field));
    const argument = argumentFor(kind, field);
    if (argument !== null) values.set(argument, stored);
    else {
      // What follows from the module needs no argument.
      const literal = literalOf(expression);
      if (literal !== undefined && !isSame(stored, literal))
        return wrong(`its \`${field}\` is ${shown(stored)}, and not ${shown(literal)} as of the library's ${name}`);
    }
  }
  const given: string[] = [];
  for (const { name: parameter, default: otherwise } of parameters) {
    // What no field says changes nothing of what tensors mean.
    if (!values.has(parameter.text) && otherwise !== null) continue;
    const value = values.get(parameter.text) ?? null;
    const usual = otherwise === null ? undefined : literalOf(otherwise);
    if (usual !== undefined && isSame(value, usual)) continue;
    if (value !== null) given.push(`${parameter.text} = ${shown(value)}`);
    // A config leaves out what is empty.
    else if (usual !== undefined) given.push(`${parameter.text} = ${typeof usual === "boolean" ? "false" : "0"}`);
    else if (otherwise === null) return wrong(`it does not say the \`${parameter.text}\` of ${name}`);
  }
  return { kind: "call", call: `${name}(${given.join(", ")})`, of: kind };
}

/** The parameter that a mask of rows gives, `["lora_E", rank, initial]`: as many rows as the file has of that tensor. */
function maskIn(expression: Expression): { readonly tensor: string; readonly parameter: string } | null {
  const [tensor, kept] = expression.kind === "list" ? expression.elements : [];
  return tensor?.kind === "string" && kept?.kind === "name" ? { tensor: tensor.value, parameter: kept.text } : null;
}

/** The words of all texts in an expression. */
function wordsIn(expression: Expression | undefined): readonly string[] {
  switch (expression?.kind) {
    case "string":
      return expression.value.split(" ");
    case "list":
      return expression.elements.flatMap(wordsIn);
    case "call":
      return expression.arguments.flatMap(({ value }) => wordsIn(value));
    default:
      return [];
  }
}

/** The value of a literal; undefined for other expressions. */
function literalOf(expression: Expression): number | string | boolean | null | undefined {
  switch (expression.kind) {
    case "number":
    case "string":
    case "boolean":
      return expression.value;
    case "none":
      return null;
    case "unary":
      return expression.operator === "-" && expression.operand.kind === "number"
        ? -expression.operand.value
        : undefined;
    default:
      return undefined;
  }
}

/** A value as a spec has it. */
function shown(value: unknown): string {
  if (value === null || value === undefined) return "none";
  return Array.isArray(value) ? `[${value.map(shown).join(", ")}]` : JSON.stringify(value);
}
