import type { Expression } from "../../grammar/index.ts";
import { type DeclaredConfig, isPattern, isSame, modelFields, storedValue, unread } from "./declared-config.ts";
import { type Wrong, wrong } from "./json-object.ts";
import type { LibraryKind } from "./library-kinds.ts";
import type { PlacedGroup, PlacedGroups } from "./placed-groups.ts";
import type { StoredAdapter, StoredPart } from "./read.ts";

/** Fields that say what a model is for, which its spec says. */
const ofModel: ReadonlySet<string> = new Set(["target_modules", "task_type"]);

/**
 * What adapters of a type that no code knows are in a spec: the arguments of the first declaration of the library whose `peft` clause gives the
 * config's fields. `parts` are the file's tensors by their names in checkpoints.
 */
export function groupsOfDeclared(
  parts: StoredAdapter["parts"],
  config: DeclaredConfig,
  library: readonly LibraryKind[],
): PlacedGroups | Wrong {
  const ofType = library.filter(({ type }) => type === config.type);
  if (ofType.length === 0) return wrong(`the library has no adapter of the type ${config.type}`);
  const shared = new Set(ofType.flatMap((kind) => [...kind.shared]));
  const modules = new Set<string>();
  const saved: string[] = [];
  for (const name of parts.keys()) {
    const module = moduleOf(name, ofType);
    if (module !== null) modules.add(module);
    else if (!shared.has(name)) saved.push(name);
  }
  const groups = new Map<string, PlacedGroup & { modules: string[] }>();
  for (const module of modules) {
    const calls = ofType.map((kind) => callOf(kind, config, module, parts));
    const fit = calls.find((each) => each.kind === "call");
    const misfit = calls.find((each) => each.kind === "wrong");
    if (fit === undefined) return misfit ?? wrong(`the library has no adapter of the type ${config.type}`);
    const { call, library: file } = fit;
    const isOfModel = module === "";
    // Which of those that stand for another it is, follows from the module.
    const wraps = ofType.flatMap((kind) => kind.wraps);
    const group = groups.get(call) ?? { call, library: file, modules: [], wraps: isOfModel ? wraps : [] };
    if (!isOfModel) group.modules.push(module);
    groups.set(fit.call, group);
  }
  return groups.size === 0
    ? wrong("there are no adapters in it")
    : { kind: "groups", groups: [...groups.values()], saved, unknownOrder: [] };
}

/** The module that a tensor is of; empty for the whole model, null where it is no adapter's. */
function moduleOf(name: string, kinds: readonly LibraryKind[]): string | null {
  for (const { tensors } of kinds) {
    for (const tensor of tensors) {
      if (name === tensor) return "";
      if (name.endsWith(`.${tensor}`)) return name.slice(0, -tensor.length - 1);
    }
  }
  return null;
}

function callOf(
  { name, library, type, parameters, fields }: LibraryKind,
  config: DeclaredConfig,
  module: string,
  parts: StoredAdapter["parts"],
): ({ readonly kind: "call" } & Pick<PlacedGroup, "call" | "library">) | Wrong {
  const free = new Set(wordsIn(fields.get(unread)));
  for (const field of config.fields.keys())
    if (!fields.has(field) && !free.has(field) && !modelFields.has(field))
      return wrong(`its \`${field}\` is ${shown(config.fields.get(field))}, which no ${type} of the library has`);
  const patterns = new Map(
    [...fields].flatMap(([field, value]) =>
      isPattern(field) && value.kind === "string" ? [[value.value, field] as const] : [],
    ),
  );
  const values = new Map<string, unknown>();
  for (const [field, expression] of fields) {
    const mask = isPattern(field) ? maskIn(expression) : null;
    if (mask !== null) values.set(mask.parameter, rowsOf(parts.get(`${module}.${mask.tensor}`)));
    if (isPattern(field) || ofModel.has(field) || field === unread || free.has(field)) continue;
    const stored = storedValue(config, field, patterns, module);
    if (expression.kind === "name" && parameters.some((each) => each.name.text === expression.text))
      values.set(expression.text, stored);
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
  return { kind: "call", call: `${name}(${given.join(", ")})`, library };
}

/** The parameter that a mask of rows gives, `["lora_E", rank, initial]`: as many rows as the file has of that tensor. */
function maskIn(expression: Expression): { readonly tensor: string; readonly parameter: string } | null {
  const [tensor, kept] = expression.kind === "list" ? expression.elements : [];
  return tensor?.kind === "string" && kept?.kind === "name" ? { tensor: tensor.value, parameter: kept.text } : null;
}

function rowsOf(part: StoredPart | undefined): number | null {
  return part?.kind === "tensor" ? (part.shape[0] ?? null) : null;
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

function shown(value: unknown): string {
  return value === null || value === undefined ? "none" : JSON.stringify(value);
}
