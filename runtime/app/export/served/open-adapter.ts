import type { AdapterUpdate, Place, Plan, Program } from "../../../../compiler/index.ts";
import type { Diagnostic } from "../../../../grammar/index.ts";
import { openAdapter } from "../../../adapters/index.ts";
import { listWords, type Problem } from "../../../text/index.ts";
import type { WeightPieces } from "../../../weights/index.ts";
import type { AdaptedSpec } from "../../adapters/adapted-spec.ts";
import type { CompiledSpec } from "../../compiled-spec.ts";
import { type Refused, type Reporter, refuse, refuseBy } from "../../reporter.ts";
import { adapterFile, reportAdapterFile, severalAdapters } from "../../weights/adapter-file.ts";
import { matchPlan } from "../../weights/match-tensors.ts";
import { type GivenWeights, type OpenedWeights, openWeights } from "../../weights/open.ts";
import { parameterOrder } from "../../weights/parameter-order.ts";
import { bytesOf, differingWeights, type StoredBytes } from "./base-weights.ts";
import { type AdapterFile, type FittedUpdates, fitUpdates, higherRanks } from "./fit-updates.ts";
import type { NamedAdapter } from "./named-adapter.ts";

/** The base that adapters are for. */
export interface Base {
  readonly compiled: CompiledSpec;
  readonly programs: readonly Program[];
  /** The paths of what adapters give it. */
  readonly served: ReadonlySet<string>;
  /** Where it has its own weights, and these. */
  readonly places: ReadonlyMap<string, Place>;
  readonly stored: StoredBytes;
  readonly asStored: (piecesOf: WeightPieces) => WeightPieces;
  readonly updates: readonly AdapterUpdate[];
  /** Whether it is in a folder already, and stays as it is. */
  readonly isKept: boolean;
  readonly specOfRun: SpecOfRun;
}

type SpecOfRun = (run: string) => AdaptedSpec | null;

export interface ServedWeights extends Extract<OpenedWeights, { readonly kind: "open" }> {
  readonly updates: Pick<FittedUpdates, "ranks" | "paddedTo">;
}

type GivenBase = Omit<GivenWeights, "adapter">;

/** Opens the weights that a base has with an adapter; refuses an adapter that this base would compute something else of. */
export function openServed(
  named: NamedAdapter,
  base: Base,
  given: GivenBase,
  reporter: Reporter,
): ServedWeights | Refused {
  const { path } = named;
  const { compiled, programs, places, stored, asStored } = base;
  const found = withAdapter(named, compiled.plan, given, base.specOfRun, (file) => ({
    tensors: tensorsOf(file, compiled.plan),
    updates: fitUpdates(named, base, file),
  }));
  if ("diagnostic" in found) return refuseBy([found.diagnostic], reporter);
  const { updates } = found;
  if ("message" in updates) return refuse(updates, reporter);
  const missing = missingProblem(path, base, found.tensors, given);
  if (missing !== null) return refuse(missing, reporter);
  reportAdapterFile(path, reporter);
  const opened = openWeights(programs, compiled, { ...given, adapter: path, fitted: updates.tensors });
  if (opened.kind === "wrong") return refuseBy(opened.diagnostics, reporter);
  noteFitted(named, updates, reporter);
  for (const note of opened.notes) reporter.note(note);
  const own = [...found.tensors].filter((each) => places.has(each));
  const [first, ...others] = differingWeights(own, bytesOf(places, asStored(opened.piecesOf)), stored);
  if (first === undefined) return { ...opened, updates };
  opened.close();
  const also = others.length === 0 ? "" : ` and ${others.length} more`;
  const message = `it has other values of weights of the base too: \`${first}\`${also}`;
  const help = "train it on the base's weights, or export it to a folder of its own with its weights";
  return refuse({ subject: path, message, help }, reporter);
}

/**
 * The rank that a base needs of each placed adapter, by its name, to have room for all that are served from it: where that is higher than the
 * spec's. Files that cannot be read need none; opening them says why.
 */
export function ranksNeeded(
  named: readonly NamedAdapter[],
  updates: readonly AdapterUpdate[],
  plan: Plan,
  given: GivenBase,
): ReadonlyMap<string, number> {
  const needed = new Map<string, number>();
  for (const adapter of named) {
    const found = withAdapter(
      adapter,
      plan,
      given,
      () => null,
      (file) => higherRanks(updates, file),
    );
    if ("diagnostic" in found) continue;
    for (const [placed, rank] of found) needed.set(placed, Math.max(needed.get(placed) ?? 0, rank));
  }
  return needed;
}

/** What is found in a file of adapters, which is open as long. */
function withAdapter<Found>(
  { path: given }: NamedAdapter,
  plan: Plan,
  { choices }: GivenBase,
  specOfRun: SpecOfRun,
  find: (adapter: AdapterFile) => Found,
): Found | { readonly diagnostic: Diagnostic } {
  const several = severalAdapters(given);
  if (several !== null) return { diagnostic: several };
  const path = adapterFile(given);
  const file = openAdapter(path, choices?.adapterName ?? null, parameterOrder(plan));
  if (file.kind === "wrong") return file;
  try {
    const match = matchPlan(plan, file);
    return find({ path, file, match, alpha: choices?.alpha ?? null, specOfRun: () => specOfRun(given) });
  } finally {
    file.close();
  }
}

/** What a file has of a model, by the paths of its parameters. */
function tensorsOf({ file, match: { found } }: AdapterFile, plan: Plan): ReadonlySet<string> {
  const all = [...plan.parameters, ...plan.buffers];
  return new Set(all.flatMap(({ path, checkpoint }) => (file.tensors.has(found.get(checkpoint) ?? "") ? [path] : [])));
}

function noteFitted({ name }: NamedAdapter, { ranks, paddedTo, factors }: FittedUpdates, reporter: Reporter): void {
  const words = (numbers: readonly number[]): string => listWords(numbers.map(short), "and");
  if (paddedTo.length > 0)
    reporter.note(
      `\`${name}\` of rank ${words(ranks)} has zeros beside its matrices up to rank ${words(paddedTo)}, which change nothing`,
    );
  if (factors.length > 0)
    reporter.note(`\`${name}\` keeps its own scale: its second matrices are multiplied by ${words(factors)}`);
}

function short(value: number): string {
  return String(Number(value.toPrecision(7)));
}

/** Without the model's weights an adapter has to say by itself all that the base is not. */
function missingProblem(
  path: string,
  { served }: Base,
  found: ReadonlySet<string>,
  { weights }: GivenBase,
): Problem | null {
  if (weights !== null) return null;
  const [first, ...others] = [...served].filter((each) => !found.has(each));
  if (first === undefined) return null;
  const also = others.length === 0 ? "" : ` and ${others.length} more`;
  return { subject: path, message: `it lacks \`${first}\`${also}`, help: "add the model's weights with --weights" };
}
