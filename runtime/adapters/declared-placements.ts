import type { Expression } from "../../grammar/index.ts";
import { type DeclaredConfig, isPattern, isSame, storedValue } from "./declared-config.ts";
import { type Wrong, wrong } from "./json-object.ts";
import type { LibraryKind } from "./library-kinds.ts";
import type { PlacedGroup, PlacedGroups } from "./placed-groups.ts";

/** Fields that say what a model is for, which its spec says. */
const ofModel: ReadonlySet<string> = new Set(["target_modules", "task_type"]);

/**
 * What adapters of a type that no code knows are in a spec: the arguments of the first declaration of the library whose `peft` clause gives the
 * config's fields. `names` are those of the file's tensors in checkpoints.
 */
export function groupsOfDeclared(
  names: Iterable<string>,
  config: DeclaredConfig,
  library: readonly LibraryKind[],
): PlacedGroups | Wrong {
  const ofType = library.filter(({ type }) => type === config.type);
  if (ofType.length === 0) return wrong(`the library has no adapter of the type ${config.type}`);
  const shared = new Set(ofType.flatMap((kind) => [...kind.shared]));
  const modules = new Set<string>();
  const saved: string[] = [];
  for (const name of names) {
    const module = moduleOf(name, ofType);
    if (module !== null) modules.add(module);
    else if (!shared.has(name)) saved.push(name);
  }
  const groups = new Map<string, PlacedGroup & { modules: string[] }>();
  for (const module of modules) {
    const calls = ofType.map((kind) => callOf(kind, config, module));
    const fit = calls.find((each) => each.kind === "call");
    const misfit = calls.find((each) => each.kind === "wrong");
    if (fit === undefined) return misfit ?? wrong(`the library has no adapter of the type ${config.type}`);
    if (module === "") return wrong(`it is of the whole model: place \`${fit.call}\` on the module that it adapts`);
    const group = groups.get(fit.call) ?? { call: fit.call, library: fit.library, modules: [] };
    group.modules.push(module);
    groups.set(fit.call, group);
  }
  return groups.size === 0
    ? wrong("there are no adapters in it")
    : { kind: "groups", groups: [...groups.values()], saved };
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
): { readonly kind: "call"; readonly call: string; readonly library: string } | Wrong {
  for (const field of config.fields.keys())
    if (!fields.has(field))
      return wrong(`its \`${field}\` is ${shown(config.fields.get(field))}, which no ${type} of the library has`);
  const patterns = new Map(
    [...fields].flatMap(([field, value]) =>
      isPattern(field) && value.kind === "string" ? [[value.value, field] as const] : [],
    ),
  );
  const values = new Map<string, unknown>();
  for (const [field, expression] of fields) {
    if (isPattern(field) || ofModel.has(field)) continue;
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
