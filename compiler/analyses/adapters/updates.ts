import { at, countAt } from "../../at.ts";
import { parametersIn } from "../../ir/index.ts";
import type { Plan, PlannedPeftForm, PlannedTensor } from "../../plan/index.ts";
import type { TracedSpec } from "../../programs/index.ts";
import { type AttentionPart, attentionPartOf } from "./attention.ts";
import { type FoldedModule, foldModel, parentOf } from "./fold.ts";
import { type LowRankParameter, type NamedMatrices, updateOfParameter } from "./of-parameter.ts";
import { formOf } from "./probe.ts";
import { type Form, recognise } from "./recognise.ts";
import { replacedRows } from "./replaced-rows.ts";

/** What an adapter does to the module that it adapts: a form that PEFT has too, or another one. */
export type AdapterUpdate = Placed & (Recognised | Declared | Other);

/** What is found from what an adapter computes. */
type Recognised = LowRank | LowRankChange | LowRankParameter | Factors | Rows;

/** What files of adapters call what is recognised. Names of tensors are what stands behind that of the module or parameter. */
export interface AdapterFormat {
  /** The type that each form is of in the files. */
  readonly types: Readonly<Record<Recognised["kind"], string>>;
  /** The pairs of matrices of an update of a module. */
  readonly matrices: readonly (NamedMatrices & {
    /** Whether the module is a table of which rows are looked up. */
    readonly isOfTable: boolean;
  })[];
  readonly ofParameter: NamedMatrices;
  readonly factors: string;
  readonly rows: string;
}

interface Placed {
  /** The path of the adapter. */
  readonly path: string;
  /** The placement as it is written. */
  readonly placement: string;
}

/** W becomes W + scale up down, or a multiple of that for each row. */
export interface LowRank {
  readonly kind: "low-rank";
  /** The module's name in checkpoints. */
  readonly module: string;
  /** Where the module belongs to an nn.MultiheadAttention. */
  readonly attention: AttentionPart | null;
  readonly folded: FoldedModule;
  /** Whether the module is a table of which rows are looked up, whose matrices have other names in files. */
  readonly isEmbedding: boolean;
  /** [rank, inputs], or [rank, inputs, ...] of a convolution. */
  readonly down: PlannedTensor;
  /** [outputs, rank], or [outputs, rank / groups, 1, ...] of a convolution. */
  readonly up: PlannedTensor;
  readonly rank: number;
  readonly scale: number;
  /** Whether rows are multiplied after that, which DoRA does. */
  readonly hasLengths: boolean;
  /** In training, the share of inputs that are left out. */
  readonly dropout: number;
}

/**
 * W becomes W + scale (up down - first up down): LoRA of a weight that what it starts from is taken out of, or of twice the rank of the
 * weight as it is.
 */
export interface LowRankChange extends Omit<LowRank, "kind" | "hasLengths"> {
  readonly kind: "low-rank-change";
  /** What is taken out, of the same shapes. */
  readonly first: { readonly down: PlannedTensor; readonly up: PlannedTensor };
}

/** Outputs or inputs are multiplied by one factor each. */
export interface Factors {
  readonly kind: "factors";
  readonly module: string;
  readonly attention: AttentionPart | null;
  readonly factors: PlannedTensor;
  readonly on: Side;
}

/** Rows of a table are others. */
export interface Rows {
  readonly kind: "rows";
  readonly module: string;
  /** [tokens, width] */
  readonly rows: PlannedTensor;
  /** The places in the table, in the order of `rows`. */
  readonly tokens: readonly number[];
}

/** Either is the same where each output of a convolution has an input of its own, and no bias. */
type Side = "inputs" | "outputs" | "either";

/** What the adapter's declaration says that it is in PEFT. */
export interface Declared {
  readonly kind: "declared";
  /** The module's name in checkpoints. */
  readonly module: string;
  readonly form: PlannedPeftForm;
  /** The adapter's own parameters and buffers. */
  readonly tensors: readonly PlannedTensor[];
  /** Those that all of its placements share. */
  readonly shared: readonly PlannedTensor[];
}

export interface Other {
  readonly kind: "other";
  /** Why it is none of the others, in words. */
  readonly why: string;
}

/**
 * What each adapter of a model does, by what it computes: its module's folded weight is computed twice from numbers
 * without a pattern, and held against each form. Only which parameter is which follows from names in checkpoints. Of a type that has such
 * a form, what a declaration says of it decides nothing.
 */
export function adapterUpdates(spec: TracedSpec, plan: Plan, format: AdapterFormat): readonly AdapterUpdate[] {
  const { parameters, modules, whole } = foldModel(spec, plan);
  const perModule = new Map<string, number>();
  const placed = plan.placements.flatMap(({ text, adapters }) =>
    adapters.map(({ path, peft }) => ({ path, text, peft })),
  );
  for (const { path } of placed) perModule.set(parentOf(path), countAt(perModule, parentOf(path)) + 1);
  const known = new Map<string, Form>();
  const rates = dropoutRates(spec);
  const checkpoints = new Set(plan.parameters.map(({ checkpoint }) => checkpoint));
  const recognised = new Set(Object.values(format.types));
  return placed.map(({ path, text, peft }): AdapterUpdate => {
    const where = { path, placement: text };
    const all = [...plan.parameters, ...plan.buffers];
    const own = all.filter((each) => each.ofAdapter && each.path.startsWith(`${path}.`));
    const ofParameter = parameters.get(parentOf(path));
    if (ofParameter !== undefined) {
      if (perModule.get(parentOf(path)) !== 1) return { ...where, ...other("several adapters are on one parameter") };
      const update = updateOfParameter(ofParameter, own, format.ofParameter);
      return {
        ...where,
        ...asDeclared(update ?? other("its update of the parameter is not scale x B A"), peft, format),
      };
    }
    if (peft !== undefined && !recognised.has(peft.type))
      return { ...where, ...declared(path, peft, perModule.get(parentOf(path)) === 1, plan) };
    if ([...parameters.keys()].some((adapted) => parentOf(adapted) === parentOf(path)))
      return { ...where, ...other("a parameter of its module has an adapter, too") };
    const folded = modules.get(parentOf(path)) ?? whole.get(parentOf(path));
    if (folded === undefined)
      return { ...where, ...other("what it computes is not in the form of another weight or bias") };
    if (perModule.get(parentOf(path)) !== 1) return { ...where, ...other("several adapters are on one module") };
    // LoRA whose first matrix is a buffer, which nothing trains, is LoRA too.
    // An adapter without dropout has none of it.
    const update = updateOf(folded, own, format, checkpoints, known, rates.get(path) ?? 0);
    return { ...where, ...asDeclared(update, peft, format) };
  });
}

/** An update as it is, where its declaration does not say that it is of another type. */
function asDeclared(
  update: Recognised | Other,
  peft: PlannedPeftForm | undefined,
  { types }: AdapterFormat,
): Recognised | Other {
  if (update.kind === "other" || peft === undefined || types[update.kind] === peft.type) return update;
  return other(`it computes what ${types[update.kind]} does, but its \`peft\` clause says ${peft.type}`);
}

function declared(path: string, form: PlannedPeftForm, isAlone: boolean, plan: Plan): Declared | Other {
  if (!isAlone) return other("several adapters are on one module");
  const own = plan.parameters.find((each) => !each.ofAdapter && parentOf(each.path) === parentOf(path));
  if (own !== undefined && !own.checkpoint.startsWith(`${form.module}.`))
    return other(`it is on \`${own.checkpoint}\`, which is not in a module of its own`);
  const all = [...plan.parameters, ...plan.buffers].filter(({ ofAdapter }) => ofAdapter);
  const shared = all.filter((each) => each.path.startsWith(`shared.${nameOf(path)}.`));
  // A second one of another size has a number in its path, as all of a group have.
  const first = new Set(shared.map((each) => each.path));
  if (shared.some((each) => first.has(each.path.replace(/(?:\[\d+\])$/, "")) && each.path.endsWith("]")))
    return other("PEFT's adapters of different sizes share one tensor");
  const tensors = all.filter((each) => each.path.startsWith(`${path}.`));
  return { kind: "declared", module: form.module, form, tensors, shared };
}

/** The name of an adapter that is placed once on its module. */
function nameOf(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}

function other(why: string): Other {
  return { kind: "other", why };
}

function updateOf(
  folded: FoldedModule,
  own: readonly PlannedTensor[],
  format: AdapterFormat,
  checkpoints: ReadonlySet<string>,
  known: Map<string, Form>,
  dropout: number,
): Recognised | Other {
  const { weight, bias } = folded;
  const { checkpoint } = weight.parameter;
  const attention = attentionPartOf(checkpoint, checkpoints);
  if (!checkpoint.endsWith(".weight") && attention === null)
    return other(`it is on \`${checkpoint}\`, and PEFT adapts what is called \`weight\` in a module`);
  // Without the dot, or the `_` of `in_proj_weight`.
  const module = checkpoint.slice(0, -".weight".length);
  const named = (ending: string | undefined): PlannedTensor | undefined =>
    own.find((each) => ending !== undefined && each.checkpoint === `${module}${ending}`);
  const matrices = format.matrices.find((each) => named(each.down) !== undefined);
  const [down, up, factors] = [named(matrices?.down), named(matrices?.up), named(format.factors)];
  const rows = named(format.rows);
  const tokens = rows === undefined || own.length !== 1 ? null : replacedRows(folded, rows);
  if (rows !== undefined && tokens !== null) return { kind: "rows", module, rows, tokens };
  const nodes = bias === null ? [weight.node] : [weight.node, bias.node];
  // What an adapter does not have keeps its place, so that the same form has the same numbers.
  const first = [weight.parameter, bias?.parameter, down, up, factors].map((each) => each?.path ?? "");
  const paths = [...new Set([...first, ...own.map(({ path }) => path), ...nodes.flatMap(parametersIn)])];
  const key = `${formOf(nodes, paths)} ${own.length}`;
  const form = known.get(key) ?? recognise(folded, own, { down, up, factors });
  known.set(key, form);
  if (form.kind === "low-rank" && down !== undefined && up !== undefined) {
    const { scale, hasLengths } = form;
    const rank = at(down.shape, 0);
    const isEmbedding = matrices?.isOfTable === true;
    return { kind: "low-rank", module, attention, folded, isEmbedding, down, up, rank, scale, hasLengths, dropout };
  }
  if (form.kind === "low-rank-change" && down !== undefined && up !== undefined) {
    const others = own.filter((each) => each !== down && each !== up);
    const rank = at(down.shape, 0);
    const isEmbedding = matrices?.isOfTable === true;
    const first = { down: at(others, form.down), up: at(others, form.up) };
    return {
      ...{ kind: "low-rank-change", module, attention, folded, isEmbedding, down, up, first, rank },
      ...{ scale: form.scale, dropout },
    };
  }
  if (form.kind === "factors" && factors !== undefined)
    return { kind: "factors", module, attention, factors, on: form.on };
  return other("its update of the weight is neither scale x B A nor one factor for each output or input");
}

/** The rate of dropout in each adapter that has some, by its path. */
function dropoutRates({ graph }: TracedSpec): ReadonlyMap<string, number> {
  return new Map(
    graph.nodes.flatMap(({ operation, origin: { path } }) =>
      operation.op === "dropout" ? [[path, operation.rate] as const] : [],
    ),
  );
}
