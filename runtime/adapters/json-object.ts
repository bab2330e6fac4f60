import { repeatedKey } from "../weights/index.ts";

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

/** Reads a JSON text whose outermost value is an object, and in which no object has a key twice. */
export function readJsonObject(text: string): JsonObject {
  if (depthOf(text) > deepest) return wrong(`it is nested deeper than ${deepest}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return wrong(`it is not valid JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const fields = fieldsOf(value);
  if (fields === null) return wrong("it is not an object");
  const repeated = repeatedKey(text);
  return repeated === null ? { kind: "object", fields } : wrong(`it has \`${repeated}\` twice`);
}

/** The fields of an object; null for everything else. */
export function fieldsOf(value: unknown): Fields | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return new Map(Object.entries(value));
}

/** How deep lists and objects are within each other, whether or not the text is JSON. */
function depthOf(text: string): number {
  let depth = 0;
  let most = 0;
  let isString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (isString && character === "\\") at++;
    else if (character === '"') isString = !isString;
    else if (!isString && (character === "{" || character === "[")) most = Math.max(most, ++depth);
    else if (!isString && (character === "}" || character === "]")) depth--;
  }
  return most;
}
