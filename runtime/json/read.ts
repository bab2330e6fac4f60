import * as v from "valibot";
import { failed, ok, type Result } from "../text/index.ts";
import { boundsOf } from "./bounds.ts";
import { repeatedKey } from "./repeated-key.ts";

/** What a text from elsewhere may have at most, found before anything is built from it. */
export interface JsonLimits {
  /** Lists and objects within each other. */
  readonly depth: number;
  /** Characters of a string. */
  readonly string?: number;
}

/** The value of a text from elsewhere, in which no object has a key twice; or in words what is wrong with the text. */
export function parseJson(text: string, limits: JsonLimits): Result<unknown, string> {
  const { depth, string } = boundsOf(text);
  const { string: longest = Number.POSITIVE_INFINITY } = limits;
  if (depth > limits.depth) return failed(`it is nested deeper than ${limits.depth} levels`);
  if (string > longest) return failed(`it has a string of more than ${longest} characters`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    // It shows some of the text, whose lines and tabs would be printed as escapes.
    return failed(`it is not valid JSON: ${why.replaceAll(/\s+/g, " ")}`);
  }
  const repeated = repeatedKey(text);
  return repeated === null ? ok(value) : failed(`it has \`${repeated}\` twice`);
}

/** What a text of this program's own says, by a schema; null for a text that is damaged or something else. */
export function readOwnJson<Schema extends v.GenericSchema>(
  text: string,
  schema: Schema,
): v.InferOutput<Schema> | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const read = v.safeParse(schema, value);
  return read.success ? read.output : null;
}

/** What the lines of a log of this program's own say; a line that is empty, cut off or something else is left out. */
export function readOwnLines<Schema extends v.GenericSchema>(
  text: string,
  schema: Schema,
): readonly v.InferOutput<Schema>[] {
  return text.split("\n").flatMap((line) => {
    const read = readOwnJson(line, schema);
    return read === null ? [] : [read];
  });
}
