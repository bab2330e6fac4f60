import { mkdirSync } from "node:fs";
import { basename, join, relative, resolve, sep } from "node:path";
import { compileSpec } from "../../../compiler/index.ts";
import { createSource, formatSource, parse } from "../../../grammar/index.ts";
import { type LoraFiles, peftFiles } from "../../adapters/index.ts";
import { contractKey } from "../../data/index.ts";
import { attempt, readFileText, writeAtomically } from "../../files/index.ts";
import { libraryFolder, referenceSpecs, SpecLibrary } from "../../specs/index.ts";
import { countOf, safetensorsPieces } from "../../weights/index.ts";
import { grouped } from "../models/variant-text.ts";
import { done, type Ended, problem, type Reporter, refuse } from "../reporter.ts";
import { type MadeOf, writeMadeCard } from "./made-card.ts";
import { type AdapterPlacements, placementsOfAdapter } from "./placements.ts";

/** What is written of an adapter, beside its files. */
export interface WrittenAdapter {
  readonly folder: string;
  readonly files: LoraFiles;
  /** The record of what it was trained on; null where nothing is known. */
  readonly contract: string | null;
  /** How it was made, which its file keeps. */
  readonly origin: string;
  /** The spec that a variant with the result's placements is written of. */
  readonly forSpec: string | null;
  readonly made: MadeOf;
}

export interface WrittenFiles {
  readonly folder: string;
  readonly tensors: number;
  readonly bytes: number;
  /** The variant; null where none was asked for. */
  readonly variant: string | null;
}

/** The name of the variant beside the adapter. */
const variantName = "adapter.vlm";

/** The name of the record of how an adapter was made, in the metadata of its file. */
export const originKey = "medctc.origin";

/** Writes PEFT's two files, and beside them a card and a variant of a spec that has these adapters. */
export function writeAdapter(written: WrittenAdapter, reporter: Reporter): Ended<WrittenFiles> {
  const { folder, files, contract, origin, forSpec, made } = written;
  const overflowing = [...files.tensors].find(
    ([, { data }]) => typeof data !== "function" && !Array.from(data).every(Number.isFinite),
  );
  if (overflowing !== undefined) {
    const message = `\`${overflowing[0]}\` would have values beyond those of 32-bit floats`;
    return refuse(problem(message, "is the scale of an adapter as it should be?"), reporter);
  }
  const metadata = new Map([[originKey, origin]]);
  if (contract !== null) metadata.set(contractKey, contract);
  const saved = attempt(folder, () => {
    mkdirSync(folder, { recursive: true });
    writeAtomically(join(folder, peftFiles.tensors), safetensorsPieces(files.tensors, metadata));
    writeAtomically(join(folder, peftFiles.config), `${JSON.stringify(files.config, null, 2)}\n`);
  });
  if (saved.kind === "failed") return refuse(saved.problem, reporter);
  const bytes = [...files.tensors.values()].reduce((sum, { shape }) => sum + 4 * countOf(shape), 0);
  // Without a spec they are for the card alone, which can do without them.
  const hears = forSpec === null ? { ...reporter, note: unheard, problem: unheard, diagnostics: unheard } : reporter;
  const found = placementsOfAdapter(folder, forSpec, hears);
  const placements = found.kind === "done" ? found.value : null;
  const variant = forSpec === null ? null : writeVariant(folder, forSpec, placements, reporter);
  const names = [peftFiles.config, peftFiles.tensors, ...(variant === null ? [] : [variantName])];
  writeMadeCard(made, { folder, files: names, config: files.config, placements, contract }, reporter);
  return done({ folder, tensors: files.tensors.size, bytes, variant });
}

function unheard(): void {
  // Nothing is said.
}

/** Writes a spec that amends another one by the placements of the adapter in a folder; null after a warning why there is none. */
function writeVariant(
  folder: string,
  spec: string,
  placements: AdapterPlacements | null,
  reporter: Reporter,
): string | null {
  const path = join(folder, variantName);
  const without = (why: string): null => {
    reporter.warning(`${path} is not written: ${why}`);
    return null;
  };
  if (placements?.kind !== "selectors") return without(`the adapter has no placements in the model of ${spec}`);
  const { lines, libraries, counts } = placements;
  const base = modelIn(spec);
  const textWith = (expectations: readonly string[]): string => {
    const text = [
      `# The adapter beside this file, in the model of ${basename(spec)}.`,
      `import ${JSON.stringify(importOf(spec, folder))}`,
      ...libraries.map((name) => `import "std/${name}"`),
      "",
      `model ${base}_adapted amends ${base} {`,
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
