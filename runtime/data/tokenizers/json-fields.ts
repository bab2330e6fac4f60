import { quoted } from "../quoted.ts";
import { mostTokens } from "./vocabulary.ts";

/** The rule that a tokenizer.json breaks. */
export class Refusal extends Error {
  readonly help: string | null;

  constructor(message: string, help: string | null = null) {
    super(message);
    this.help = help;
  }
}

export type Fields = ReadonlyMap<string, unknown>;

/** The fields of a JSON object in a map, so that no name means anything of its own. */
export function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return new Map<string, unknown>(Object.entries(value));
  }
  throw new Refusal(`${what} is not an object with fields`);
}

export function tokensOf(vocab: Fields): string[] {
  if (vocab.size > mostTokens) throw new Refusal(`it has more than ${mostTokens} tokens`);
  const tokens = new Array<string | null>(vocab.size).fill(null);
  for (const [token, number] of vocab) {
    const free = typeof number === "number" ? tokens[number] : undefined;
    if (typeof number !== "number" || free === undefined) {
      throw new Refusal(`the token ${quoted(token)} has no number from 0 to ${vocab.size - 1}`);
    }
    if (free !== null)
      throw new Refusal(`the tokens ${quoted(free)} and ${quoted(token)} have the same number ${number}`);
    tokens[number] = token;
  }
  return tokens.filter((token) => token !== null);
}

/** `["[CLS]", 101]`, which must agree with the vocabulary. */
export function numbered(pair: unknown, where: string, numbers: ReadonlyMap<string, number>): string {
  const parts: readonly unknown[] = Array.isArray(pair) ? pair : [];
  const [token, number] = parts;
  const name = tokenNamed(token, where, numbers);
  if (numbers.get(name) === number) return name;
  throw new Refusal(`its \`${where}\` has a different number in the vocabulary`);
}

export function tokenNamed(value: unknown, where: string, numbers: ReadonlyMap<string, number>): string {
  const name = shortText(value, where);
  if (numbers.has(name)) return name;
  throw new Refusal(`its \`${where}\` is ${quoted(name)}, which is not a token of the vocabulary`);
}

export function shortText(value: unknown, where: string): string {
  if (typeof value === "string" && value !== "" && value.length <= 100) return value;
  throw new Refusal(`its \`${where}\` is not a text of 1 to 100 characters`);
}

/** True or false; null and a missing field take what else holds. */
export function flag(fields: Fields, part: string, name: string, otherwise: boolean): boolean {
  const value = fields.get(name) ?? otherwise;
  if (typeof value === "boolean") return value;
  throw new Refusal(`its \`${part}.${name}\` is neither true nor false`);
}

/** Refuses settings that are not as they have to be: what a file asks for would else be left out. */
export function only(
  fields: Fields,
  part: string,
  wanted: Readonly<Record<string, readonly unknown[]>>,
  help: string,
): void {
  for (const [name, allowed] of Object.entries(wanted)) {
    if (!allowed.includes(fields.get(name) ?? null)) {
      throw new Refusal(`its \`${part}.${name}\` is ${shown(fields.get(name))}, which is not supported`, help);
    }
  }
}

export function shown(value: unknown): string {
  return quoted(typeof value === "string" ? value : value === undefined ? "null" : JSON.stringify(value));
}
