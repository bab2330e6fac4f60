/** Reads the fields of a JSON object, which a file may not have or not as they should be; null for a text that is none. */
export function fieldsOf(text: string): ((name: string) => unknown) | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return isObject(value) ? (name) => fieldOf(value, name) : null;
}

/** A field of an object; undefined where it has none of its own, or the value is no object. */
export function fieldOf(value: unknown, name: string): unknown {
  return isObject(value) ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
