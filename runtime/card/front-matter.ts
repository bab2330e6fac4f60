import { printable } from "../../grammar/index.ts";

/** What Hugging Face's hub reads at the beginning of a card; of each field what its user says stands before what is known. */
export interface FrontMatter {
  readonly libraryName: string | null;
  readonly baseModel: string | null;
  readonly pipelineTag: string | null;
  readonly tags: readonly string[];
}

/** The front matter in YAML. `own` are fields as their user wrote them, by their keys. */
export function renderFrontMatter(known: FrontMatter, own: ReadonlyMap<string, string>): string {
  const fields = new Map<string, string>();
  const set = (key: string, value: string | null): void => {
    if (value !== null) fields.set(key, `${key}: ${quoted(value)}`);
  };
  set("library_name", known.libraryName);
  set("base_model", known.baseModel);
  set("pipeline_tag", known.pipelineTag);
  fields.set("tags", ["tags:", ...known.tags.map((tag) => `  - ${quoted(tag)}`)].join("\n"));
  for (const [key, text] of own) fields.set(key, text);
  return `---\n${[...fields.values()].join("\n")}\n---\n`;
}

/** JSON's strings are YAML's, too. */
function quoted(text: string): string {
  return JSON.stringify(printable(text));
}
