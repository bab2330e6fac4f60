import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type ConfigFields, type LoraFiles, peftFiles } from "../../adapters/index.ts";
import { contractKey } from "../../data/index.ts";
import { attempt, writeAtomically } from "../../files/index.ts";
import { countOf, safetensorsPieces } from "../../weights/index.ts";
import type { CardSources } from "../export/card.ts";
import { done, type Ended, problem, type Reporter, refuse } from "../reporter.ts";
import { type MadeOf, writeMadeCard } from "./made-card.ts";
import { type AdapterPlacements, placementsOfAdapter } from "./placements.ts";
import { writeVariant } from "./write-variant.ts";

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
  /** What its user says of it; a base model takes the place of the one that the adapters name. */
  readonly card: CardSources;
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
  const { folder, files, contract, origin, forSpec, made, card } = written;
  const config = ofBase(files.config, card.baseModel, reporter);
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
    writeAtomically(join(folder, peftFiles.config), `${JSON.stringify(config, null, 2)}\n`);
  });
  if (saved.kind === "failed") return refuse(saved.problem, reporter);
  const bytes = [...files.tensors.values()].reduce((sum, { shape }) => sum + 4 * countOf(shape), 0);
  // Without a spec they are for the card alone, which can do without them.
  const hears = forSpec === null ? { ...reporter, note: unheard, problem: unheard, diagnostics: unheard } : reporter;
  const found = placementsOfAdapter(folder, forSpec, hears);
  const placements = found.kind === "done" ? found.value : null;
  const variant = forSpec === null ? null : writeAdapted(folder, forSpec, placements, reporter);
  const names = [peftFiles.config, peftFiles.tensors, ...(variant === null ? [] : [variantName])];
  writeMadeCard(made, { folder, files: names, config, placements, contract, card }, reporter);
  return done({ folder, tensors: files.tensors.size, bytes, variant });
}

const baseField = "base_model_name_or_path";

/** The config with the base model that is said; a note where the adapters name another one. */
function ofBase(config: ConfigFields, baseModel: string | null, reporter: Reporter): ConfigFields {
  if (baseModel === null) return config;
  const before = config[baseField];
  if (typeof before === "string" && before !== "" && before !== baseModel)
    reporter.note(`--base-model says ${baseModel}, but the adapters name ${before} as their base model`);
  return { ...config, [baseField]: baseModel };
}

function unheard(): void {
  // Nothing is said.
}

/** Writes a variant with the placements of the adapter in a folder; null after a warning why there is none. */
function writeAdapted(
  folder: string,
  spec: string,
  placements: AdapterPlacements | null,
  reporter: Reporter,
): string | null {
  const path = join(folder, variantName);
  if (placements?.kind === "selectors")
    return writeVariant({ path, spec, placements, title: "The adapter beside this file" }, reporter);
  reporter.warning(`${path} is not written: the adapter has no placements in the model of ${spec}`);
  return null;
}
