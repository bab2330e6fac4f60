import { createSource, parse } from "../../../grammar/index.ts";
import { readFileText } from "../../files/index.ts";
import { type ReferenceSpec, referenceSpecs } from "../../specs/index.ts";

/** A model that comes with the program, as its spec describes it; nothing is compiled for it. */
export interface ReferenceModel extends ReferenceSpec {
  readonly name: string;
  /** The model that it amends. */
  readonly amends: string | null;
  /** The first sentence of the comment that the spec begins with. */
  readonly summary: string;
  /** Where it was published: the web addresses of that comment, or else of the base's. */
  readonly sources: readonly string[];
}

/** A host with a path. */
const webAddress = /\b(?:https?:\/\/)?(?:[a-z0-9-]+\.)+[a-z]{2,}\/[^\s,;()`]+/gi;

/** The models that come with the program, in the order of their specs' paths. */
export function referenceModels(): readonly ReferenceModel[] {
  const own = referenceSpecs().flatMap(describe);
  const sourcesOf = ({ sources, amends }: ReferenceModel): readonly string[] => {
    const base = sources.length > 0 ? undefined : own.find(({ name }) => name === amends);
    return base === undefined ? sources : sourcesOf(base);
  };
  return own.map((model) => ({ ...model, sources: sourcesOf(model) }));
}

function describe(spec: ReferenceSpec): readonly ReferenceModel[] {
  const text = readFileText(spec.file);
  const model = parse(createSource(spec.file, text)).file.items.find((item) => item.kind === "model");
  return model === undefined
    ? []
    : [{ ...spec, name: model.name.text, amends: model.amends?.text ?? null, ...firstComment(text) }];
}

/** What the comment that a spec begins with says: its first sentence, and its web addresses. */
export function firstComment(text: string): Pick<ReferenceModel, "summary" | "sources"> {
  const lines = text.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("#"));
  const comment = lines
    .slice(0, end === -1 ? lines.length : end)
    .map((line) => line.replace(/^#+\s*/, ""))
    .join(" ")
    .trim();
  const [summary = ""] = comment.split(/(?<=\.)\s+(?=\p{Lu})/u);
  const sources = [...comment.matchAll(webAddress)].map(([address]) => address.replace(/[.:]$/, ""));
  return { summary, sources: [...new Set(sources)] };
}
