import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import {
  type BestBy,
  type BuiltStep,
  bestBy,
  bestByLoss,
  builtStep,
  compileSpec,
  type DataSettings,
  expandSpec,
  expectMemory,
  libraryDeclarations,
  loadProgram,
  type Plan,
  type TracedSpec,
  tensorflowMemory,
} from "../../compiler/index.ts";
import { createSource, type Diagnostic, hasErrors } from "../../grammar/index.ts";
import { type DataInputs, findDataInputs } from "../data/index.ts";
import type { PrintedEpoch } from "../printout/index.ts";
import { libraryFolder, SpecLibrary } from "../specs/index.ts";
import type { Problem, Result } from "../text/index.ts";
import { carryImports } from "./carried-imports.ts";
import { type BaseSpec, deriveSpec } from "./edit-spec.ts";
import type { EntryEdits } from "./entries.ts";
import type { Sweep } from "./read-sweep.ts";

/** An entry whose spec compiles. */
export interface SweepEntry extends EntryEdits {
  /** The derived spec. */
  readonly text: string;
  /** Files that it imports, by their paths from its own folder, with `/` between folders. */
  readonly imports: ReadonlyMap<string, string>;
  /** Of the text and of what it imports. */
  readonly hash: string;
  readonly plan: Plan;
  /** By which number its trainings tell their best checkpoint. */
  readonly bestBy: BestBy;
  readonly data: DataSettings;
  /** What the model takes of a data set, or why no data set has it. */
  readonly inputs: Result<DataInputs>;
  readonly evaluation: TracedSpec["evaluation"];
  readonly seed: number;
  /** What a step is expected to take in memory; null where that was not asked for, or the model has no loss. */
  readonly peakBytes: number | null;
  /** What an epoch of so many examples is expected to take in time; null where that is unknown. */
  readonly epochWith: EpochOf;
  /** How long a training is, with so many examples to train on. */
  readonly stepsWith: (examples: number) => number;
}

/** An epoch of so many examples to train on, and so many that are held out. */
export type EpochOf = (examples: Pick<PrintedEpoch, "volumes" | "heldOut">) => PrintedEpoch | null;

/** What is expected of the steps of entries. */
export interface Expected {
  readonly memory: boolean;
  /** The epochs of a spec. */
  readonly epochsOf: (spec: TracedSpec, step: BuiltStep) => EpochOf;
}

/** Why an entry has no spec that compiles; the name is null for the spec that all are derived from. */
export interface WrongEntry {
  readonly name: string | null;
  readonly problem: Problem | null;
  readonly diagnostics: readonly Diagnostic[];
}

export type DerivedEntries =
  | { readonly kind: "entries"; readonly entries: readonly SweepEntry[] }
  | { readonly kind: "wrong"; readonly wrong: readonly WrongEntry[] };

export interface BaseText {
  readonly path: string;
  readonly text: string;
}

/** The name of a derived spec in its folder. */
export const specName = "spec.vlm";

/** Derives and compiles the specs of all entries; `placeOf` gives the path under which the mistakes of one are shown. */
export function deriveEntries(
  { entries, budget }: Pick<Sweep, "entries" | "budget">,
  base: BaseText,
  expected: Expected,
  placeOf: (name: string) => string,
): DerivedEntries {
  const library = new SpecLibrary(libraryFolder(), base.path);
  const source = createSource(base.path, base.text);
  const written = loadProgram(source, library);
  if (hasErrors(written.diagnostics)) return wrongBase(written.diagnostics);
  // Edits of a variant are made in the whole that it stands for.
  const whole = written.bases.length === 0 ? { text: base.text, diagnostics: [] } : expandSpec(source, library);
  if (whole.text === null) return wrongBase(whole.diagnostics);
  const spec: BaseSpec = {
    program: whole.text === base.text ? written : loadProgram(createSource(base.path, whole.text), library),
    libraryAdapters: new Map(
      libraryDeclarations(library).flatMap(({ name, kind, file }) => (kind === "adapter" ? [[name, file]] : [])),
    ),
  };
  const budgetSettings = budgetOf(budget);
  const wrong: WrongEntry[] = [];
  const right: SweepEntry[] = [];
  for (const edits of entries) {
    const { name, placement } = edits;
    const settings = new Map([...budgetSettings, ...edits.settings]);
    const derived = deriveSpec(spec, { lines: placement?.lines ?? null, settings });
    if (derived.kind === "failed") wrong.push({ name, problem: derived.problem, diagnostics: [] });
    else {
      const entry = compileEntry(edits, derived.value, base, expected, placeOf(name));
      if ("problem" in entry) wrong.push(entry);
      else right.push(entry);
    }
  }
  return wrong.length > 0 ? { kind: "wrong", wrong } : { kind: "entries", entries: right };
}

function wrongBase(diagnostics: readonly Diagnostic[]): DerivedEntries {
  return { kind: "wrong", wrong: [{ name: null, problem: null, diagnostics }] };
}

/** Steps go before epochs, so a spec's own steps make way for a number of epochs. */
function budgetOf(budget: Sweep["budget"]): readonly (readonly [string, string | null])[] {
  if (budget === null) return [];
  const own = [`train.${budget.unit}`, String(budget.count)] as const;
  return budget.unit === "steps" ? [own] : [own, ["train.steps", null]];
}

function compileEntry(
  edits: EntryEdits,
  text: string,
  base: BaseText,
  expected: Expected,
  place: string,
): SweepEntry | WrongEntry {
  const library = new SpecLibrary(libraryFolder(), base.path);
  const { plan, spec, memory, diagnostics } = compileSpec(createSource(place, text), library);
  const { name } = edits;
  if (plan === null || spec === null || hasErrors(diagnostics)) return { name, problem: null, diagnostics };
  const folder = dirname(base.path);
  const { text: carried, imports } = carryImports(text, folder, library.imported);
  if (imports.has(specName)) {
    const message = `it imports ${join(folder, specName)}, which is the name of the derived spec`;
    return { name, problem: { subject: "", message, help: "give that file another name" }, diagnostics: [] };
  }
  const step = builtStep(spec);
  const peak = expected.memory ? (memory ?? expectMemory(spec, tensorflowMemory, step)) : null;
  const { schedule, epochs, batch } = spec.settings;
  return {
    ...edits,
    text: carried,
    imports,
    hash: createHash("sha256")
      .update(JSON.stringify([carried, [...imports]]))
      .digest("hex"),
    plan,
    bestBy: bestBy(spec.settings.keepBest, spec) ?? bestByLoss,
    data: spec.data,
    inputs: findDataInputs(spec),
    evaluation: spec.evaluation,
    seed: spec.settings.seed,
    peakBytes: peak?.peakBytes ?? null,
    epochWith: expected.epochsOf(spec, step),
    stepsWith: (examples) => schedule.steps ?? epochs * Math.floor(examples / batch),
  };
}
