import { allNodesOf, type Node, type Program, parametersIn } from "../../ir/index.ts";
import { type Fold, foldAdapters, optimise } from "../../passes/index.ts";
import type { Plan, PlannedParameter } from "../../plan/index.ts";
import { buildForward, type TracedSpec } from "../../programs/index.ts";
import { standIns } from "./stand-ins.ts";

/** A parameter with what stands for it, which depends on parameters alone. */
export interface FoldedParameter {
  readonly parameter: PlannedParameter;
  readonly node: Node;
}

/** A module with its adapters folded into its own weight and bias. */
export interface FoldedModule {
  readonly path: string;
  /** Its own weight, [outputs, inputs / groups, ...], and what stands for it, which depends on parameters alone. */
  readonly weight: { readonly parameter: PlannedParameter; readonly node: Node };
  /** Whether both are [inputs, outputs], as the table of an embedding is. */
  readonly isTurned: boolean;
  /** The groups of a convolution; what stands for its weight may be [outputs, inputs, ...]. */
  readonly groups: number;
  /** How far apart the places of a kernel are along each axis. */
  readonly dilation: readonly number[];
  /** The same of its bias, [outputs]; null where it has none. */
  readonly bias: { readonly parameter: PlannedParameter; readonly node: Node } | null;
}

export interface FoldedModel {
  /** The forward pass with the new weights. */
  readonly program: Program;
  /** Parameters that have adapters of their own, by their paths; those of folded modules are in the weights of these, too. */
  readonly parameters: ReadonlyMap<string, FoldedParameter & { readonly program: Program }>;
  /** Parameters in whose place an adapter's stand, by their paths, with those. */
  readonly replaced: FoldedModel["parameters"];
  /** By the path of the module. */
  readonly modules: ReadonlyMap<string, FoldedModule>;
  /** Convolutions in groups whose adapters take all inputs to all outputs: no weight of theirs has room for that. */
  readonly whole: ReadonlyMap<string, FoldedModule>;
  /** Adapters that could not be folded, by their paths. */
  readonly left: readonly string[];
}

/** Folds each adapter into the weight and the bias of the module that it adapts, where that is exact. */
export function foldModel(spec: TracedSpec, plan: Plan): FoldedModel {
  const own = new Map(plan.parameters.flatMap((each) => (each.ofAdapter ? [] : [[each.path, each] as const])));
  const all = plan.placements.flatMap((placement) => placement.adapters.map(({ path }) => path));
  const adapters = all.filter((path) => !own.has(parentOf(path)));
  const modules = new Map(adapters.map((path) => [path, parentOf(path)]));
  const moduleOf = (path: string): string | null => {
    for (let at = path; at !== ""; at = parentOf(at)) {
      const module = modules.get(at);
      if (module !== undefined) return module;
    }
    return null;
  };
  // A loss of parameters alone, such as one that keeps them small, is no reason to leave them beside the weights.
  const losses = spec.losses.filter((loss) => isOfInputs(loss, spec));
  const bare = optimise(buildForward({ ...spec, losses }, []), spec, { last: "lower-draws" });
  const adapted = new Set(modules.values());
  const isOfModule = (path: string): boolean => !own.has(path) || adapted.has(parentOf(path));
  const { program, folds, left: unfolded } = foldAdapters(bare, moduleOf, isOfModule);
  const folded = new Map<string, FoldedModule>();
  const refused = new Set(unfolded);
  for (const fold of folds) {
    if (!adapted.has(fold.place)) continue;
    const module = moduleFrom(fold, own);
    // A module that is used twice is folded twice, in the same way.
    if (module === null) refused.add(fold.place);
    else folded.set(fold.place, module);
  }
  for (const place of refused) folded.delete(place);
  const isInPlace = ({ weight: { parameter, node } }: FoldedModule): boolean => isOfShape(parameter, node);
  const whole = new Map([...folded].filter(([, module]) => !isInPlace(module)));
  for (const place of whole.keys()) folded.delete(place);
  // An adapter that has no tensors and computes nothing, such as one of rank 0, leaves its module as it is.
  const computing = new Set(allNodesOf(bare).flatMap(({ origin }) => moduleOf(origin.path) ?? []));
  const tensors = [...plan.parameters, ...plan.buffers];
  const isIdle = (path: string): boolean =>
    !computing.has(parentOf(path)) && !tensors.some((each) => each.path.startsWith(`${path}.`));
  const parameters = adaptedParameters(spec, own);
  const isFolded = (path: string): boolean => folded.has(path) || parameters.has(path);
  const unplaced = all.filter((path) => !isFolded(parentOf(path)) && !isIdle(path));
  const { replaced, left } = replacedParameters(unplaced, all, spec, own);
  return { program, parameters, replaced, modules: folded, whole, left };
}

/** What adapters alone on their modules put in the place of these modules' parameters, and the adapters that are left. */
function replacedParameters(
  adapters: readonly string[],
  all: readonly string[],
  spec: TracedSpec,
  own: ReadonlyMap<string, PlannedParameter>,
): Pick<FoldedModel, "replaced" | "left"> {
  const replaced = new Map<string, FoldedParameter & { readonly program: Program }>();
  if (adapters.length === 0) return { replaced, left: [] };
  const program = buildForward({ ...spec, losses: [] }, []);
  const left = adapters.filter((path) => {
    const module = parentOf(path);
    const isAlone = all.filter((other) => parentOf(other) === module).length === 1;
    const found = isAlone ? standIns(module, path, spec) : null;
    if (found === null || ![...found.keys()].every((each) => own.has(each))) return true;
    for (const [each, node] of found) {
      const parameter = own.get(each);
      if (parameter !== undefined) replaced.set(each, { program, parameter, node });
    }
    return false;
  });
  return { replaced, left };
}

/** What adapters of parameters make of them, without what is random in training. */
function adaptedParameters(spec: TracedSpec, own: ReadonlyMap<string, PlannedParameter>): FoldedModel["parameters"] {
  if (spec.adapted.size === 0) return new Map();
  const forward = buildForward({ ...spec, losses: [] }, []);
  const program = optimise({ ...forward, outputs: spec.adapted }, spec, { last: "lower-draws" });
  return new Map(
    [...program.outputs].flatMap(([path, node]) => {
      const parameter = own.get(path);
      return parameter === undefined ? [] : [[path, { program, parameter, node }] as const];
    }),
  );
}

function isOfInputs(value: Node, { graph }: TracedSpec): boolean {
  return graph.neededFor([value]).some(({ operation }) => operation.op === "input");
}

/** What a path stands under: an adapter is a member of the module that it adapts. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf(".")));
}

/** Which parameters of the module a fold replaces; null where these are not one weight and at most one bias. */
function moduleFrom(
  { place, weight: plain, turned, bias, groups, dilation }: Fold,
  own: ReadonlyMap<string, PlannedParameter>,
): FoldedModule | null {
  const matrix = onlyParameter(plain, own);
  if (matrix === null || parentOf(matrix.path) !== place) return null;
  const isTurned = turned?.parameters.includes(matrix.path) === true;
  const weight = isTurned ? turned.weight : plain;
  const [outputs, inputs = 0, ...kernel] = matrix.shape;
  const whole = [outputs, inputs * groups, ...kernel];
  if (!isOfShape(matrix, weight) && whole.join() !== weight.type.shape.join()) return null;
  const replaced = { parameter: matrix, node: weight };
  const module = { path: place, weight: replaced, isTurned, groups, dilation };
  if (bias === null) return { ...module, bias: null };
  // What adapters add may follow from the weight.
  const vector = onlyParameter(bias, own, matrix);
  if (vector === null || parentOf(vector.path) !== place || !isOfShape(vector, bias)) return null;
  return { ...module, bias: { parameter: vector, node: bias } };
}

function isOfShape({ shape }: PlannedParameter, { type }: Node): boolean {
  return shape.join() === type.shape.join();
}

/** The one parameter that is not an adapter's, of those that a value depends on besides another. */
function onlyParameter(
  value: Node,
  own: ReadonlyMap<string, PlannedParameter>,
  besides?: PlannedParameter,
): PlannedParameter | null {
  const read = parametersIn(value)
    .flatMap((path) => own.get(path) ?? [])
    .filter((each) => each !== besides);
  const [only] = read;
  return read.length === 1 && only !== undefined ? only : null;
}
