import { type Diagnostic, report } from "../../../grammar/index.ts";
import {
  blocksOf,
  type CombineOptions,
  type ConfigFields,
  type Contribution,
  combineModule,
  distanceOf,
  type ElectedBy,
  ia3Config,
  type LoraFiles,
  type LoraOf,
  lengthOf,
  loraFiles,
  type MethodName,
  type MethodOption,
  methods,
  peftPrefix,
  weightedSum,
} from "../../adapters/index.ts";
import { at } from "../../at.ts";
import { type Problem, printShare } from "../../text/index.ts";
import type { FloatTensor } from "../../weights/index.ts";
import type { CardSources } from "../export/card.ts";
import { overwritingAdapter } from "../overwriting.ts";
import { done, type Ended, misused, problem, type Reporter, refuseBy, refused } from "../reporter.ts";
import { namedSpec, specsOfRuns } from "./adapted-spec.ts";
import { disagreements, warnOfBases } from "./agreement.ts";
import { combiningProgress } from "./combining-progress.ts";
import { type GivenAdapter, readGiven } from "./given-adapter.ts";
import type { MadeOf } from "./made-card.ts";
import { whyNot } from "./why-not.ts";
import { type WrittenFiles, writeAdapter } from "./write-adapter.ts";

export interface CombineRequest {
  readonly adapters: readonly string[];
  /** One for each adapter; null for equal ones that sum to 1. */
  readonly weights: readonly number[] | null;
  readonly method: MethodName;
  readonly density: number | null;
  readonly sign: ElectedBy | null;
  readonly seed: number | null;
  readonly rank: number | null;
  readonly clamp: number | null;
  /** The spec that gives scales where files do not say them, and of which a variant with the result is written. */
  readonly forSpec: string | null;
  readonly folder: string;
  readonly card: CardSources;
}

export interface Combined extends WrittenFiles {
  readonly adapters: readonly {
    readonly path: string;
    readonly weight: number;
    readonly modules: number;
    /** Of its updates, all together; null of factors. */
    readonly norm: number | null;
  }[];
  readonly modules: number;
  /** From the smallest to the largest; empty of factors. */
  readonly ranks: readonly number[];
  /** Frobenius norms over all modules: of the weighted sum of the updates, and of how far the result is from it; null of factors. */
  readonly sum: { readonly norm: number; readonly distance: number } | null;
}

/** One adapter made of several, as PEFT's `add_weighted_adapter` makes it. */
export function combineAdapters(request: CombineRequest, reporter: Reporter): Ended<Combined> {
  const asked = wrongRequest(request);
  if (asked !== null) {
    reporter.problem(problem(asked.message, asked.help));
    return misused;
  }
  const weights = request.weights ?? request.adapters.map(() => 1 / request.adapters.length);
  const spec = request.forSpec === null ? null : namedSpec(request.forSpec, reporter);
  if (spec === null && request.forSpec !== null) return refused;
  const specOfRun = specsOfRuns();
  const read = request.adapters.map((path) => readGiven(path, spec, specOfRun, reporter));
  const wrong = read.flatMap((each) => (each.kind === "wrong" ? each.diagnostics : []));
  const adapters = read.flatMap((each) => (each.kind === "adapter" ? [each] : []));
  if (wrong.length > 0) return refuseBy(wrong, reporter);
  const unfit = [...adapters.flatMap(notOnlyUpdates), ...disagreements(adapters)];
  if (unfit.length > 0) return refuseBy(unfit, reporter);
  warnOfBases(adapters, reporter);
  const isOfFactors = adapters.some(({ factors }) => factors.size > 0);
  const made = isOfFactors
    ? combinedFactors(adapters, weights, request, reporter)
    : combinedUpdates(adapters, weights, request, reporter);
  if (made.kind === "wrong") return refuseBy([made.diagnostic], reporter);
  const { folder, forSpec, method, density, sign, seed, card } = request;
  const origin = JSON.stringify({ combined: method, weights, ...withoutNull({ density, sign, seed }) });
  const contract = adapters.find((each) => each.contract !== null)?.contract ?? null;
  const files = { ...made.files, config: { ...made.files.config, ...sharedFields(adapters) } };
  const written = writeAdapter(
    { folder, files, contract, origin, forSpec, card, made: madeOf(adapters, weights, request, made) },
    reporter,
  );
  if (written.kind !== "done") return written;
  return done({
    ...written.value,
    adapters: adapters.map(({ path, updates, factors }, place) => ({
      path,
      weight: weights[place] ?? Number.NaN,
      modules: updates.size + factors.size,
      norm: isOfFactors ? null : Math.hypot(...[...updates.values()].map(normOfUpdate)),
    })),
    ...made.measured,
  });
}

function madeOf(
  adapters: readonly GivenAdapter[],
  weights: readonly number[],
  { method, density, sign, seed, rank, clamp }: CombineRequest,
  { measured: { sum }, rows }: Made & { readonly kind: "made" },
): MadeOf {
  const options = Object.entries(withoutNull({ density, sign, seed, rank, clamp }));
  return {
    summary: "One adapter made of several, as PEFT's `add_weighted_adapter` makes it.",
    sources: adapters.map(({ path }, place) => ({ path, weight: weights[place] ?? null })),
    method: [
      ["Method", method],
      ...options.map(([name, value]): readonly [string, string] => [`--${name}`, String(value)]),
      ...(sum === null
        ? []
        : [["From the weighted sum of the updates", `${printShare(sum.distance, sum.norm)} of its norm`] as const]),
    ],
    modules: rows,
  };
}

function wrongRequest(request: CombineRequest): Pick<Problem, "message" | "help"> | null {
  const { adapters, weights, method, density, folder } = request;
  if (weights !== null && weights.length !== adapters.length)
    return {
      message: `the number of adapters is ${adapters.length}, and that of weights ${weights.length}`,
      help: "give one weight for each adapter",
    };
  if (adapters.length < 2 && method !== "linear") {
    const help =
      "`medctc adapter svd` and `medctc adapter prune` change a single one; --method linear multiplies it by a weight";
    return { message: "there is nothing to combine with one adapter", help };
  }
  const allowed: readonly MethodOption[] = methods[method].options;
  for (const name of ["density", "sign", "seed", "rank", "clamp"] as const)
    if (request[name] !== null && !allowed.includes(name))
      return { message: `\`${method}\` has no --${name}`, help: null };
  if (allowed.includes("density") && density === null)
    return {
      message: `\`${method}\` needs --density`,
      help: "the share of each tensor's elements that it keeps, such as 0.5",
    };
  return overwritingAdapter(folder, adapters);
}

/** What an adapter has besides updates or factors, of which nothing is known that combines it. */
function notOnlyUpdates({ path, file, others, updates, factors }: GivenAdapter): readonly Diagnostic[] {
  const [name] = others.keys();
  if (name !== undefined)
    return [report("not-only-updates", file, { path, name, why: whyNot(name).why }, { help: withoutIt })];
  if (updates.size > 0 && factors.size > 0) {
    const [first = ""] = factors.keys();
    return [
      report("not-only-updates", file, { path, name: first, why: "has factors, and other modules have updates" }),
    ];
  }
  if (updates.size + factors.size > 0) return [];
  return [report("not-only-updates", file, { path, name: null, why: "has no adapters" })];
}

const withoutIt =
  "LoRA's updates are combined, and IA3's factors; medctc adapter merge folds what adds to weights into them";

type Made =
  | {
      readonly kind: "made";
      readonly files: LoraFiles;
      readonly measured: Pick<Combined, "modules" | "ranks" | "sum">;
      /** A line of the card for each module, behind one of headings. */
      readonly rows: readonly (readonly string[])[];
    }
  | { readonly kind: "wrong"; readonly diagnostic: Diagnostic };

function combinedUpdates(
  adapters: readonly GivenAdapter[],
  weights: readonly number[],
  request: CombineRequest,
  reporter: Reporter,
): Made {
  const given = new Map<string, { readonly lora: LoraOf; readonly contributions: readonly Contribution[] }>();
  for (const [adapter, { updates }] of adapters.entries())
    for (const [module, lora] of updates) {
      const contributions: Contribution[] = [...(given.get(module)?.contributions ?? [])];
      const { matrices, scale } = lora;
      contributions.push({ matrices, scale, weight: weights[adapter] ?? Number.NaN, adapter });
      given.set(module, { lora, contributions });
    }
  const highest = Math.max(
    ...[...given.values()].flatMap((each) => each.contributions.map(({ matrices }) => matrices.rank)),
  );
  const options: CombineOptions = {
    method: request.method,
    density: request.density ?? 1,
    sign: request.sign ?? "total",
    seed: request.seed ?? 0,
    rank: request.rank ?? highest,
    clamp: request.clamp,
  };
  const dropout = Math.max(...adapters.flatMap(({ updates }) => [...updates.values()].map((each) => each.dropout)));
  const made: LoraOf[] = [];
  const lengths: { readonly norm: number; readonly distance: number }[] = [];
  const shapes = [...given.values()].map(({ lora }) => lora.matrices);
  const begin = combiningProgress(options.method, shapes, reporter);
  for (const [module, { lora, contributions }] of given) {
    begin(made.length);
    const ranks = [...new Set(contributions.map(({ matrices }) => matrices.rank))];
    if (methods[options.method].on === "matrices" && ranks.length > 1) {
      reporter.progressEnd();
      const path = adapters[0]?.path ?? "";
      return { kind: "wrong", diagnostic: report("ranks-differ", path, { method: options.method, module, ranks }) };
    }
    const matrices = combineModule(module, contributions, options);
    made.push({ ...lora, matrices, scale: 1, dropout });
    const sum = weightedSum(contributions);
    const isSum = methods[options.method].on === "ranks";
    lengths.push({ norm: lengthOf(sum), distance: isSum ? 0 : distanceOf(blocksOf(matrices, 1), sum) });
  }
  reporter.progressEnd();
  const sum = {
    norm: Math.hypot(...lengths.map(({ norm }) => norm)),
    distance: Math.hypot(...lengths.map(({ distance }) => distance)),
  };
  const rows = made.map(({ module, matrices }, place) => {
    const { norm, distance } = at(lengths, place);
    return [module, String(matrices.rank), printShare(distance, norm)];
  });
  rows.unshift(["module", "rank", "from the weighted sum"]);
  const ranks = [...new Set(made.map(({ matrices }) => matrices.rank))].sort((a, b) => a - b);
  return { kind: "made", files: loraFiles(made), measured: { modules: made.length, ranks, sum }, rows };
}

/** Factors are combined as they are, so that 1 stays 1 where the weights sum to 1. */
function combinedFactors(
  adapters: readonly GivenAdapter[],
  weights: readonly number[],
  { method }: CombineRequest,
  reporter: Reporter,
): Made {
  const wrong = (path: string, name: string, why: string): Made => ({
    kind: "wrong",
    diagnostic: report("not-only-updates", path, { path, name, why }),
  });
  const [first] = adapters;
  const modules = new Set(adapters.flatMap(({ factors }) => [...factors.keys()]));
  const tensors = new Map<string, FloatTensor>();
  const configs: Parameters<typeof ia3Config>[0][number][] = [];
  for (const module of modules) {
    const values: Float64Array[] = [];
    for (const { path, factors } of adapters) {
      const own = factors.get(module);
      if (own === undefined) return wrong(path, module, "has no factors, but it has in another adapter");
      values.push(own.tensor.values);
    }
    const known = first?.factors.get(module);
    if (known === undefined || first === undefined) continue;
    if (method !== "linear")
      return wrong(first.path, module, "has factors of IA3, which only --method linear combines");
    const sum = Float32Array.from(known.tensor.values, (_, element) =>
      values.reduce((total, each, place) => total + (weights[place] ?? Number.NaN) * (each[element] ?? Number.NaN), 0),
    );
    tensors.set(`${peftPrefix}${module}.ia3_l`, { shape: known.tensor.shape, data: sum });
    configs.push({ module, on: known.on });
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (Math.abs(total - 1) > 1e-6)
    reporter.warning(
      `the weights sum to ${Number(total.toPrecision(6))}: factors of IA3 stay of the same size where they sum to 1`,
    );
  return {
    kind: "made",
    files: { config: ia3Config(configs), tensors },
    measured: { modules: modules.size, ranks: [], sum: null },
    rows: [["module", "factors of"], ...configs.map(({ module, on }) => [module, on])],
  };
}

/** What holds for the model of all of them. */
function sharedFields(adapters: readonly GivenAdapter[]): ConfigFields {
  const [first] = adapters;
  const kept = ["base_model_name_or_path", "revision", "task_type", "auto_mapping"];
  const own = kept.flatMap((key) =>
    first !== undefined && key in first.fields ? [[key, first.fields[key]] as const] : [],
  );
  const isTurned = adapters.some(({ fields }) => fields["fan_in_fan_out"] === true);
  return { ...Object.fromEntries(own), ...(isTurned ? { fan_in_fan_out: true } : {}) };
}

function normOfUpdate({ matrices, scale }: LoraOf): number {
  return lengthOf(blocksOf(matrices, scale));
}

function withoutNull(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
