import {
  type Diagnostic,
  type File,
  type FreezeRule,
  hasErrors,
  type InputMember,
  type ModelDeclaration,
  type ParameterGroup,
  report,
  type Source,
} from "../grammar/index.ts";
import { fitMemory } from "./analyses/memory/index.ts";
import {
  Constants,
  defineLets,
  Files,
  letsOf,
  ModelElaborator,
  type ParameterInstance,
  type Value,
  type Watch,
} from "./elaborate/index.ts";
import type { Node } from "./ir/index.ts";
import { checkProgram, explainAmended, type Library, loadProgram, type Program, withImportHelp } from "./load/index.ts";
import {
  duplicateNames,
  type ExpectedMemory,
  estimateCost,
  flowOf,
  makePlan,
  measuresOf,
  type Plan,
} from "./plan/index.ts";
import { type InitialParameter, numbersKept, type TracedSpec, type WrittenModel } from "./programs/index.ts";
import {
  checkCoverage,
  checkGradients,
  counted,
  decideTrainable,
  type Element,
  elementsOf,
  expandSelectors,
  groupParameters,
  type JudgedExpectation,
  judge,
  orderedBases,
  type ParameterRule,
  placeAdapters,
  SelectorResolver,
  selectedBases,
} from "./select/index.ts";
import {
  assign,
  checkBest,
  checkEvalSettings,
  computeArguments,
  computeSettings,
  promptTexts,
  readDataSettings,
  readEvalSettings,
  readInputSources,
  readTrainSettings,
  type TrainOverrides,
} from "./settings/index.ts";

/** A compiled spec; without a plan when a mistake stands before it. */
export interface Compiled {
  readonly plan: Plan | null;
  /** The traced model, from which programs are made. */
  readonly spec: TracedSpec | null;
  /** Everything that selectors can name, for explanations; empty when the model could not be made. */
  readonly elements: readonly Element[];
  /** What a training step is expected to take; null where the spec does not limit it. */
  readonly memory: ExpectedMemory | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** Compiles the model of a spec to its plan, with the changes that are given besides. */
export function compileSpec(entry: Source, library: Library, changes: SpecChanges = {}): Compiled {
  return compileLoaded(loadProgram(entry, library), changes, true);
}

/** The same for a spec that is loaded; `watch` hears of the value of every expression, however often it is computed. */
export function compileProgram(loaded: Program, watch: Watch | null = null): Compiled {
  return compileLoaded(loaded, {}, true, watch);
}

/** What may be said besides a spec. */
export interface SpecChanges extends TrainOverrides {
  /** Assignments such as `train.lr = 1e-3`, in the order in which they hold. */
  readonly set?: readonly string[];
}

function compileLoaded(
  loaded: Program,
  { set = [], ...overrides }: SpecChanges,
  withPlan: boolean,
  watch: Watch | null = null,
): Compiled {
  const assigned = assign(loaded.entry.parsed.file, set);
  const program = set.length === 0 ? loaded : withEntryFile(loaded, assigned.file);
  const diagnostics = [...checkProgram(program), ...assigned.diagnostics];
  const models = modelsOf(program);
  const [model, second] = models;
  if (second !== undefined) diagnostics.push(report("second-model", second.name.span, { name: second.name.text }));
  if (model === undefined && !hasErrors(diagnostics)) {
    const { name } = program.entry.source;
    diagnostics.push(report("no-model", name, { path: name }));
  }
  if (model === undefined || hasErrors(diagnostics))
    return { plan: null, spec: null, elements: [], memory: null, diagnostics };
  const compiled = compileModel(model, program, overrides, withPlan, watch);
  const explained = compiled.diagnostics.map((each) => explainAmended(withImportHelp(each, program), program));
  return { ...compiled, diagnostics: [...diagnostics, ...explained] };
}

/** Everything that is wrong with a file and with what it imports; a library file needs no model. */
export function checkSpec(entry: Source, library: Library, set: readonly string[] = []): readonly Diagnostic[] {
  return compileLoaded(loadProgram(entry, library), { set }, false).diagnostics.filter(({ key }) => key !== "no-model");
}

/** A program whose entry was changed after it was read. */
function withEntryFile({ entry, files, ...rest }: Program, file: File): Program {
  const changed = { ...entry, parsed: { ...entry.parsed, file } };
  return { ...rest, entry: changed, files: files.map((each) => (each === entry ? changed : each)) };
}

/** The models of the file that is compiled; those of imported files are not its own. */
function modelsOf({ entry }: Program): readonly ModelDeclaration[] {
  return entry.parsed.file.items.filter((item) => item.kind === "model");
}

function compileModel(
  model: ModelDeclaration,
  program: Program,
  overrides: TrainOverrides,
  withPlan: boolean,
  watch: Watch | null,
): Compiled {
  const { plan, spec, elements, diagnostics } = traceModel(model, program, overrides, { withPlan, watch });
  // Building the step takes longer than all before it: an expectation that fails is shown without it.
  const fitted = spec === null || hasErrors(diagnostics) ? null : fitMemory(spec);
  if (spec === null || fitted === null) return { plan, spec, elements, memory: null, diagnostics };
  return {
    plan,
    spec: { ...spec, settings: fitted.settings },
    elements,
    memory: fitted.memory,
    diagnostics: [...diagnostics, ...fitted.diagnostics],
  };
}

interface TraceOptions {
  readonly withPlan?: boolean;
  readonly watch?: Watch | null;
  /** At most so many tokens of a text are read; null where encoders say it. */
  readonly longestText?: number | null;
}

function traceModel(
  model: ModelDeclaration,
  program: Program,
  overrides: TrainOverrides,
  { withPlan = false, watch = null, longestText = null }: TraceOptions = {},
): Omit<Compiled, "memory"> & { readonly written: WrittenModel | null } {
  const files = new Files(program);
  // Nothing follows from a `let` that has no value.
  const undefinedLets = defineLets(program, files);
  if (undefinedLets.length > 0)
    return { plan: null, spec: null, elements: [], written: null, diagnostics: undefinedLets };
  const constants = new Constants(model, letsOf(program.entry.parsed.file), files);
  const { file, diagnostics: uncomputed } = computeSettings(program.entry.parsed.file, constants);
  const { settings, diagnostics: unsettled } = readTrainSettings(file, overrides);
  const lets = model.members.flatMap((member) => (member.kind === "head-let" ? [member.name.text] : []));
  const data = readDataSettings(file);
  const evaluation = readEvalSettings(file, lets);
  const elaborator = new ModelElaborator(model, files, settings.batch, constants, watch, longestText);
  const { diagnostics } = elaborator;
  diagnostics.push(...uncomputed, ...unsettled, ...data.diagnostics, ...evaluation.diagnostics);
  elaborator.instantiate();
  const unadapted = elaborator.trace();
  if (hasErrors(diagnostics)) return { plan: null, spec: null, elements: [], written: null, diagnostics };

  const adaptable = elementsOf(elaborator.components());
  const bare = new SelectorResolver(adaptable);
  const placements = model.members.filter((member) => member.kind === "placement");
  let bases: ReturnType<typeof orderedBases> | null = null;
  elaborator.instantiator.placementsOf = (name) => {
    bases ??= orderedBases(placements, adaptable, elaborator);
    return bases.get(name) ?? [];
  };
  const placed = placements.map((member) => placeAdapters(member, bare, elaborator));
  elaborator.calls.placed = placed.flatMap(({ adapters }) => adapters.map(({ adapter }) => adapter));
  const elements = elementsOf(elaborator.components());
  const resolver = new SelectorResolver(elements);
  const freezing = model.members.filter((member): member is FreezeRule => member.kind === "freeze-rule");
  const decisions = decideTrainable(elements, freezing, resolver);
  diagnostics.push(...bare.diagnostics, ...duplicateNames(elements, elaborator.optional));
  const traced = hasErrors(diagnostics) ? null : elaborator.trace();
  const groups = model.members.filter((member): member is ParameterGroup => member.kind === "parameter-group");
  const isTrainable = (parameter: ParameterInstance): boolean => decisions.get(parameter)?.trainable ?? false;
  const base = {
    learningRate: settings.learningRate,
    weightDecay: settings.optimizer.weightDecay,
    steps: settings.schedule.steps,
  };
  const rules: ReadonlyMap<ParameterInstance, ParameterRule> =
    traced === null ? new Map() : groupParameters(groups, isTrainable, base, traced.graph, resolver, elaborator);

  const measures = measuresOf(elements, decisions, placed, constants);
  const judged: JudgedExpectation[] = [];
  const ofExpectations: Diagnostic[] = [];
  const ofCounts = [];
  for (const member of model.members) {
    if (member.kind !== "expect") continue;
    const result = judge(member, measures, resolver, ofExpectations);
    if (result !== null) judged.push(result);
    for (const quantity of [member.left, member.right]) {
      if (quantity.kind === "measure" && quantity.name.text === "count" && quantity.of !== null) {
        const selections = new SelectorResolver(elements).select(expandSelectors(quantity.of));
        ofCounts.push(selectedBases(selections.map((each) => ({ ...each, elements: counted(each) }))));
      }
    }
  }
  // What is counted without what a wrong placement would have placed says nothing.
  diagnostics.push(...ofExpectations.filter(({ key }) => traced !== null || key !== "expectation-failed"));
  diagnostics.push(...resolver.diagnostics, ...checkCoverage(placed, elements, ofCounts));
  if (traced === null) return { plan: null, spec: null, elements, written: null, diagnostics };
  const outputs = tensorsOf(traced.outputs);
  const types = new Map([...traced.inputs].map(([name, { type }]) => [name, type]));
  const inputs = model.members.flatMap((member): readonly InputMember[] =>
    member.kind === "input" ? [{ ...member, source: computeArguments(member.source, constants, diagnostics) }] : [],
  );
  const bound = readInputSources(
    inputs,
    types,
    { classes: evaluation.settings.classes, prompts: promptTexts(evaluation.settings), volume: data.settings },
    settings.batch,
  );
  diagnostics.push(...bound.diagnostics);
  diagnostics.push(
    ...checkEvalSettings(file, evaluation.settings, { outputs, sources: bound.sources, batch: settings.batch }),
    ...checkBest(file, settings, { ...traced, evaluation: evaluation.settings }),
  );
  const untrained = checkGradients({ losses: traced.losses, elements, decisions, placed });
  // An error may be why a part is not used yet; whoever adapts one means it to be used.
  const ofAdapters = untrained.filter(({ key }) => key === "adapter-without-gradient");
  diagnostics.push(...(hasErrors(diagnostics) ? ofAdapters : untrained));
  const trainable = new Map([...decisions].map(([parameter, decision]) => [parameter.path, decision.trainable]));
  const { graph, losses, lossNames, metrics } = traced;
  const named = namedValues(elements);
  // Whoever asks for diagnostics alone, as an editor does at every key, need not wait for what a plan counts.
  const plan = withPlan
    ? makePlan({
        model: model.name.text,
        batch: settings.batch,
        elements,
        decisions,
        placed,
        judged,
        totals: measures.totals,
        flow: flowOf(model, { graph, losses, outputs, named }),
        cost: estimateCost(losses, (path) => trainable.get(path) ?? false),
        rules,
        numbersKept: (shape) => numbersKept(settings, shape),
      })
    : null;
  const atRows = memoize((rows: number) =>
    traceModel(model, program, { ...overrides, batch: rows, microBatch: rows }, { longestText }),
  );
  const spec: TracedSpec = {
    graph,
    bare: placed.length > 0 ? unadapted.graph : graph,
    losses,
    lossNames,
    metrics,
    outputs,
    named,
    adapted: traced.adapted,
    parameters: elements.flatMap(({ parameter }) => (parameter === null ? [] : [initialOf(parameter)])),
    optional: [...elaborator.optional, ...elements.flatMap(({ instance }) => instance?.optional ?? [])],
    rules: new Map([...rules].map(([{ path }, rule]) => [path, rule])),
    trainable: new Set([...trainable].flatMap(([path, isTrained]) => (isTrained ? [path] : []))),
    settings,
    data: data.settings,
    sources: bound.sources,
    evaluation: evaluation.settings,
    inMicroBatches: settings.microBatch === settings.batch ? null : () => atRows(settings.microBatch),
    atRows,
    ofShortTexts: (tokens) => traceModel(model, program, overrides, { longestText: tokens }).spec,
    writtenWith: (heard) => {
      const { written } = traceModel(model, program, overrides, { watch: heard, longestText });
      if (written === null) throw new Error("a spec that compiles is traced again");
      return written;
    },
  };
  const components = elaborator.components();
  const written = { declaration: model, program, components, placed, constants: constants.values, files };
  return { plan, spec, elements, written, diagnostics };
}

/** Computes a value for each argument when it is first asked for, and keeps it. */
function memoize<Argument, Result>(compute: (argument: Argument) => Result): (argument: Argument) => Result {
  const kept = new Map<Argument, Result>();
  return (argument) => {
    const result = kept.get(argument) ?? compute(argument);
    kept.set(argument, result);
    return result;
  };
}

function initialOf({ path, type, initial, span }: ParameterInstance): InitialParameter {
  return { path, type, initial, origin: { path, span } };
}

function tensorsOf(values: ReadonlyMap<string, Value>): ReadonlyMap<string, Node> {
  return new Map([...values].flatMap(([name, value]) => (value.kind === "tensor" ? [[name, value.node]] : [])));
}

/** The lets of every module in its last trace, by path. */
function namedValues(elements: readonly Element[]): ReadonlyMap<string, Node> {
  return new Map(
    elements.flatMap(({ instance }): readonly (readonly [string, Node])[] =>
      instance === null
        ? []
        : [...tensorsOf(instance.values)].map(([name, node]) => [`${instance.path}.${name}`, node]),
    ),
  );
}
