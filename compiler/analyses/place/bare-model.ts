import {
  createSource,
  type Diagnostic,
  type FreezeRule,
  hasErrors,
  report,
  type Source,
} from "../../../grammar/index.ts";
import {
  Constants,
  defineLets,
  Files,
  letsOf,
  ModelElaborator,
  type ParameterInstance,
} from "../../elaborate/index.ts";
import { checkProgram, expandSpec, type Library, loadProgram, type Program, scopeOf } from "../../load/index.ts";
import { measuresOf } from "../../plan/index.ts";
import {
  type Decision,
  decideTrainable,
  type Element,
  elementsOf,
  SelectorResolver,
  type Totals,
} from "../../select/index.ts";
import { computeSettings, readTrainSettings } from "../../settings/index.ts";
import { bareText, withImports } from "./bare-text.ts";
import type { BareText } from "./types.ts";

/** A spec's model without adapters, in which adapters can be tried. */
export interface BareModel {
  readonly elaborator: ModelElaborator;
  readonly program: Program;
  readonly elements: readonly Element[];
  readonly rules: readonly FreezeRule[];
  /** What there is, and what is trained, before any adapter. */
  readonly totals: Totals;
}

/** The text of a spec without its placements, and the adapters that those use. */
export interface StrippedSpec {
  readonly bare: BareText;
  readonly program: Program;
  /** The adapters of modules that the spec places, each once. */
  readonly placedKinds: readonly string[];
}

/** Takes a spec's placements out; its mistakes where it has some already as a text. */
export function stripSpec(entry: Source, library: Library): StrippedSpec | readonly Diagnostic[] {
  const program = loadProgram(entry, library);
  const diagnostics = checkProgram(program);
  const [model] = program.entry.parsed.file.items.filter((item) => item.kind === "model");
  if (hasErrors(diagnostics)) return diagnostics;
  if (model === undefined) return [report("no-model", entry.name, { path: entry.name })];
  if (program.bases.length > 0) {
    const { text } = expandSpec(entry, library);
    return stripSpec(createSource(`${entry.name} (expanded)`, text ?? ""), library);
  }
  const { callables } = scopeOf(program.entry).scope;
  const placedKinds = model.members.flatMap((member) => {
    if (member.kind !== "placement" || member.adapter.callee.kind !== "name") return [];
    const { text: name } = member.adapter.callee;
    const adapter = callables.get(name);
    return adapter?.kind === "adapter" && adapter.wraps.kind === "parameter" ? [] : [name];
  });
  return { bare: bareText(entry.text, model), program, placedKinds: [...new Set(placedKinds)] };
}

/** Makes the model of a spec without placements; a rule that names the adapters that were taken out is a mistake here. */
export function bareModel(
  name: string,
  { text }: BareText,
  imports: readonly string[],
  library: Library,
): BareModel | readonly Diagnostic[] {
  const program = loadProgram(createSource(name, withImports(text, imports)), library);
  const { file } = program.entry.parsed;
  const [model] = file.items.filter((item) => item.kind === "model");
  const checked = checkProgram(program);
  if (model === undefined || hasErrors(checked)) return checked;
  const files = new Files(program);
  const undefinedLets = defineLets(program, files);
  if (undefinedLets.length > 0) return undefinedLets;
  const constants = new Constants(model, letsOf(file), files);
  const computed = computeSettings(file, constants);
  const { settings, diagnostics: unsettled } = readTrainSettings(computed.file, {});
  const diagnostics = [...checked, ...computed.diagnostics, ...unsettled];
  if (hasErrors(diagnostics)) return diagnostics;
  const elaborator = new ModelElaborator(model, files, settings.batch, constants);
  elaborator.instantiate();
  // Heads are made by the first trace.
  if (elaborator.diagnostics.length === 0) elaborator.trace();
  if (elaborator.diagnostics.length > 0) return elaborator.diagnostics;
  const elements = elementsOf(elaborator.components());
  const rules = model.members.filter((member): member is FreezeRule => member.kind === "freeze-rule");
  const { decisions, diagnostics: refused } = decide(elements, rules);
  if (refused.length > 0) {
    const note = "the spec's own placements are taken out before others are tried";
    return refused.map((diagnostic) => ({ ...diagnostic, notes: [...diagnostic.notes, note] }));
  }
  return {
    elaborator,
    program,
    elements,
    rules,
    totals: measuresOf(elements, decisions, [], constants).totals,
  };
}

/** What a model's rules decide, and what is wrong with them. */
export function decide(
  elements: readonly Element[],
  rules: readonly FreezeRule[],
): { readonly decisions: ReadonlyMap<ParameterInstance, Decision>; readonly diagnostics: readonly Diagnostic[] } {
  const resolver = new SelectorResolver(elements);
  const decisions = decideTrainable(elements, rules, resolver);
  return { decisions, diagnostics: resolver.diagnostics };
}
