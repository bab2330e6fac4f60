import { basename, dirname, relative, resolve, sep } from "node:path";
import { compileSpec } from "../../../compiler/index.ts";
import { createSource, formatSource, parse } from "../../../grammar/index.ts";
import { attempt, readFileText, writeAtomically } from "../../files/index.ts";
import { libraryFolder, referenceSpecs, SpecLibrary } from "../../specs/index.ts";
import { grouped } from "../models/variant-text.ts";
import type { Reporter } from "../reporter.ts";

/** The lines of placements, the library's files that these need, and what selectors select, as expectations. */
export interface VariantPlacements {
  readonly lines: readonly string[];
  readonly libraries: readonly string[];
  readonly counts: readonly string[];
  /** What somebody has to know who reads the lines. */
  readonly comments: readonly string[];
}

export interface PlacedVariant {
  readonly path: string;
  /** The spec that it amends. */
  readonly spec: string;
  readonly placements: VariantPlacements;
  /** What its comment says that it has. */
  readonly title: string;
}

/** Writes a spec that amends another one by placements, which take the place of its own; null after a warning why it is not written. */
export function writeVariant({ path, spec, placements, title }: PlacedVariant, reporter: Reporter): string | null {
  const without = (why: string): null => {
    reporter.warning(`${path} is not written: ${why}`);
    return null;
  };
  const { lines, libraries, counts, comments } = placements;
  const base = modelIn(spec);
  const textWith = (expectations: readonly string[]): string => {
    const text = [
      `# ${title}, in the model of ${basename(spec)}.`,
      `import ${JSON.stringify(importOf(spec, dirname(path)))}`,
      ...libraries.map((name) => `import "std/${name}"`),
      "",
      `model ${base}_adapted amends ${base} {`,
      ...comments.map((comment) => `# ${comment}`),
      ...lines,
      "",
      ...expectations.map((expectation) => `expect ${expectation}`),
      "}",
    ].join("\n");
    return formatSource(createSource(path, text)).text ?? text;
  };
  // What the base expects of its own adapters makes way.
  const library = new SpecLibrary(libraryFolder(), path);
  const { plan, diagnostics } = compileSpec(createSource(path, textWith(["base > 0"])), library);
  const mistake = diagnostics.find(({ severity }) => severity === "error");
  if (plan === null || mistake !== undefined) return without(mistake?.message ?? "it does not compile");
  // Placements that leave out layers are warned of, but where their number is expected.
  const isPartial = diagnostics.some(({ key }) => key === "covers-some-layers");
  const text = textWith([`trainable = ${grouped(plan.totals.trainable)}`, ...(isPartial ? counts : [])]);
  const saved = attempt(path, () => writeAtomically(path, text));
  return saved.kind === "failed" ? without(saved.problem.message) : path;
}

/** The name of the model in a spec that compiles. */
function modelIn(spec: string): string {
  const { items } = parse(createSource(spec, readFileText(spec))).file;
  const model = items.find((item) => item.kind === "model");
  if (model?.kind !== "model") throw new Error("a spec that compiles has a model");
  return model.name.text;
}

/** What a file in a folder imports a spec by: those that come with medctc have names of their own. */
function importOf(spec: string, folder: string): string {
  const known = referenceSpecs().find(({ file }) => resolve(file) === resolve(spec));
  if (known !== undefined) return known.path;
  const path = relative(folder, spec)
    .split(sep)
    .join("/")
    .replace(/\.vlm$/, "");
  return path.startsWith(".") ? path : `./${path}`;
}
