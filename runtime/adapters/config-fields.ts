import { ProblemError } from "../text/index.ts";
import { type Fields, fieldsOf, type Wrong, wrong } from "./json-object.ts";
import { fitsName, type NamePattern, type PatternReader } from "./name-pattern.ts";
import { withoutWrappers } from "./peft-names.ts";

/** Patterns in a config; a model has at most some hundred different ranks. */
export const mostPatterns = 2000;

/** What PEFT writes where something is not used. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  return Array.isArray(value) ? value.length === 0 : fieldsOf(value)?.size === 0;
}

export function numberIn(
  fields: Fields,
  key: string,
  what: string,
  isValid: (value: number) => boolean,
): number | Wrong {
  const value = fields.get(key);
  if (typeof value === "number" && isValid(value)) return value;
  return wrong(`its \`${key}\` is ${shown(value)}, but must be ${what}`);
}

export function flagIn(fields: Fields, key: string): boolean | Wrong {
  const value = fields.get(key) ?? false;
  return typeof value === "boolean" ? value : wrong(`its \`${key}\` is ${shown(value)}, but must be true or false`);
}

/** Texts: a single one, or a list of them; empty where there are none. */
export function textsIn(fields: Fields, key: string): string | readonly string[] | Wrong {
  const value = fields.get(key) ?? [];
  if (typeof value === "string") return value;
  const texts = Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : null;
  // PEFT writes the names of all modules into one list.
  if (texts?.length === (Array.isArray(value) ? value.length : -1)) return texts;
  return wrong(`its \`${key}\` is ${shown(value)}, but must be a name or a list of names`);
}

/** Values by patterns for the names of modules, in their order: the first that fits counts. */
export type Patterned = readonly { readonly pattern: NamePattern; readonly value: number }[];

export function patternsIn(
  fields: Fields,
  key: string,
  reader: PatternReader,
  what: string,
  isValid: (value: number) => boolean,
): Patterned | Wrong {
  const given = fields.get(key) ?? {};
  const patterns = fieldsOf(given);
  if (patterns === null) return wrong(`its \`${key}\` is ${shown(given)}, but must be an object`);
  if (patterns.size > mostPatterns)
    return wrong(`its \`${key}\` has ${patterns.size} patterns, more than ${mostPatterns}`);
  const found: { readonly pattern: NamePattern; readonly value: number }[] = [];
  for (const name of patterns.keys()) {
    const value = numberIn(patterns, name, what, isValid);
    const pattern = reader.ending(name);
    if (typeof value !== "number") return wrong(`in \`${key}\`, ${value.problem}`);
    if (pattern.kind === "wrong") return wrong(`in \`${key}\`, ${pattern.problem}`);
    found.push({ pattern, value });
  }
  return found;
}

/**
 * The value for a module, by the name that PEFT was given: of the first pattern that fits; null where none does. A name may have parts of
 * torch.compile and FSDP, which stood in the model that PEFT was given, or were added to it later.
 */
export function valueFor(patterns: Patterned, module: string): number | null {
  for (const name of new Set([module, withoutWrappers(module)])) {
    const first = patterns.find(({ pattern }) => fitsName(pattern, name));
    if (first === undefined) continue;
    if (isNumber(first.pattern)) refuseOtherOrder(first.value, patterns, name);
    return first.value;
  }
  return null;
}

/** JavaScript has keys of an object that are numbers before all others, wherever they stand in a file. */
function isNumber({ text }: NamePattern): boolean {
  return /^\d+$/.test(text);
}

function refuseOtherOrder(value: number, patterns: Patterned, name: string): void {
  const other = patterns.find(
    (each) => !isNumber(each.pattern) && each.value !== value && fitsName(each.pattern, name),
  );
  if (other === undefined) return;
  const message = `a pattern that is a number and \`${other.pattern.text}\` both fit \`${name}\`, and which comes first is not known`;
  throw new ProblemError({ subject: "adapter_config.json", message, help: "write the number in parentheses" });
}

/** A value as it would stand in the file, cut where it is long. */
export function shown(value: unknown): string {
  if (value === undefined) return "missing";
  // JSON has no form for what is too large for a number.
  if (typeof value === "number") return String(value);
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
