import { readFileSync } from "node:fs";
import { OpenSpec } from "../../compiler/editor/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

/** A spec of the repository, or another text at its place. */
export function opened(path: string, text = readFileSync(path, "utf8")): OpenSpec {
  return new OpenSpec(createSource(path, text), new SpecLibrary("specs/std", path));
}

/** A text with `¦` where the cursor is, opened without it. */
export function openedAt(
  marked: string,
  path = "specs/marked.vlm",
): { readonly spec: OpenSpec; readonly offset: number } {
  const offset = marked.indexOf("¦");
  if (offset < 0) throw new Error("the text has a ¦");
  return { spec: opened(path, marked.replace("¦", "")), offset };
}
