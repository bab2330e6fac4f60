import { parseJson } from "../json/index.ts";

/** An object of a JSON text, or in words what is wrong with the text. */
export type JsonObject = { readonly kind: "object"; readonly fields: Fields } | Wrong;

/** What an object has under each key; keys are the file's, so they are in a map. */
export type Fields = ReadonlyMap<string, unknown>;

export interface Wrong {
  readonly kind: "wrong";
  readonly problem: string;
}

/** Lists and objects within each other; PEFT writes three. */
const deepest = 16;

export function wrong(problem: string): Wrong {
  return { kind: "wrong", problem };
}

/** Reads a JSON text whose outermost value is an object. */
export function readJsonObject(text: string): JsonObject {
  const parsed = parseJson(text, { depth: deepest });
  if (parsed.kind === "failed") return wrong(parsed.problem);
  const fields = fieldsOf(parsed.value);
  return fields === null ? wrong("it is not an object") : { kind: "object", fields };
}

/** The fields of an object; null for everything else. */
export function fieldsOf(value: unknown): Fields | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return new Map(Object.entries(value));
}
