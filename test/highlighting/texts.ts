import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A text in the language. */
export interface Text {
  readonly name: string;
  readonly text: string;
}

function specsIn(folder: string): readonly Text[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".vlm"))
    .sort()
    .map((name) => ({ name: join(folder, name), text: readFileSync(join(folder, name), "utf8") }));
}

/** Every spec of medctc, and those that show the form of the language. */
export const specs: readonly Text[] = ["specs", "examples", "test/golden/format"].flatMap(specsIn);

export const language = readFileSync("grammar/LANGUAGE.md", "utf8");

/** Every example of LANGUAGE.md, right and wrong. */
export const examples: readonly Text[] = [...language.matchAll(/^```vlm([^\n]*)\n(.*?)^```$/gms)].map(
  ({ index, 1: info = "", 2: text = "" }) => ({
    name: `line ${language.slice(0, index).split("\n").length}${info}`,
    text,
  }),
);
