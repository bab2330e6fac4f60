import * as v from "valibot";
import { parse } from "yaml";

/** A mapping of plain values as the YAML that MLflow keeps: a line each, texts in double quotes with all but ASCII escaped. */
export function encodeMeta(entries: readonly (readonly [string, string | number | null | readonly []])[]): string {
  return entries
    .map(([name, value]) => `${name}: ${typeof value === "string" ? quoted(value) : JSON.stringify(value)}\n`)
    .join("");
}

function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(/[^\x20-\x7e]/gu, (character) => {
    return `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, "0")}`;
  });
}

const meta = v.object({ name: v.string() });

/** The name in the meta.yaml of an experiment, which MLflow or this program wrote; null where there is none. */
export function nameInMeta(text: string): string | null {
  let read: unknown;
  try {
    read = parse(text, { maxAliasCount: 0 });
  } catch {
    return null;
  }
  return v.is(meta, read) ? read.name : null;
}
