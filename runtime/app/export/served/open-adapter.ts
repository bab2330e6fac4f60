import type { AdapterUpdate, Place, Plan, Program } from "../../../../compiler/index.ts";
import { openAdapter } from "../../../adapters/index.ts";
import type { Problem } from "../../../text/index.ts";
import type { CompiledSpec } from "../../compiled-spec.ts";
import { type Refused, type Reporter, refuse, refuseBy } from "../../reporter.ts";
import { adapterFile, reportAdapterFile } from "../../weights/adapter-file.ts";
import { type FoundTensor, matchPlan, tensorOf } from "../../weights/match-tensors.ts";
import { type GivenWeights, type OpenedWeights, openWeights } from "../../weights/open.ts";
import { bytesOf, differingWeights, type StoredBytes } from "./base-weights.ts";
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
  readonly updates: readonly AdapterUpdate[];
}

export type ServedWeights = Extract<OpenedWeights, { readonly kind: "open" }>;

/** Opens the weights that a base has with an adapter; refuses an adapter that this base would compute something else of. */
export function openServed(
  { name, path }: NamedAdapter,
  base: Base,
  given: Omit<GivenWeights, "adapter">,
  reporter: Reporter,
): ServedWeights | Refused {
  const { compiled, programs, places, stored } = base;
  const found = tensorsOf(path, compiled.plan, given);
  if (found.kind === "wrong") return refuseBy([found.diagnostic], reporter);
  const unfit = rankProblem(name, path, base, found.tensors) ?? missingProblem(path, base, found.tensors, given);
  if (unfit !== null) return refuse(unfit, reporter);
  reportAdapterFile(path, reporter);
  const opened = openWeights(programs, compiled, { ...given, adapter: path });
  if (opened.kind === "wrong") return refuseBy(opened.diagnostics, reporter);
  for (const note of opened.notes) reporter.note(note);
  const own = [...found.tensors.keys()].filter((each) => places.has(each));
  const [first, ...others] = differingWeights(own, bytesOf(places, opened.piecesOf), stored);
  if (first === undefined) return opened;
  opened.close();
  const also = others.length === 0 ? "" : ` and ${others.length} more`;
  const message = `it has other values of weights of the base too: \`${first}\`${also}`;
  const help = "train it on the base's weights, or export it to a folder of its own with its weights";
  return refuse({ subject: path, message, help }, reporter);
}

/** What a file has of a model, by the paths of its parameters; only the shapes of these can be read. */
function tensorsOf(path: string, plan: Plan, { choices }: Omit<GivenWeights, "adapter">) {
  const file = openAdapter(adapterFile(path), choices?.adapterName ?? null);
  if (file.kind === "wrong") return file;
  file.close();
  const { found } = matchPlan(plan, file);
  const tensors = new Map<string, FoundTensor>();
  for (const { path: parameter, checkpoint } of [...plan.parameters, ...plan.buffers]) {
    const tensor = found.has(checkpoint) ? tensorOf(file, found.get(checkpoint) ?? "") : null;
    if (tensor !== null) tensors.set(parameter, tensor);
  }
  return { kind: "tensors" as const, tensors };
}

/** An adapter of another rank would be a tensor of the wrong shape; ranks are what its user knows. */
function rankProblem(
  name: string,
  path: string,
  { updates }: Base,
  found: ReadonlyMap<string, FoundTensor>,
): Problem | null {
  for (const update of updates) {
    if (update.kind !== "low-rank") continue;
    const rank = found.get(update.down.path)?.shape[0];
    if (rank === undefined || rank === update.rank) continue;
    return {
      subject: path,
      message: `\`${name}\` has rank ${rank} on \`${update.module}\`, where the base takes rank ${update.rank}`,
      help: `train it with rank ${update.rank}, or export it to a folder of its own from a spec with rank ${rank}`,
    };
  }
  return null;
}

/** Without the model's weights an adapter has to say by itself all that the base is not. */
function missingProblem(
  path: string,
  { served }: Base,
  found: ReadonlyMap<string, FoundTensor>,
  { weights }: Omit<GivenWeights, "adapter">,
): Problem | null {
  if (weights !== null) return null;
  const [first, ...others] = [...served].filter((each) => !found.has(each));
  if (first === undefined) return null;
  const also = others.length === 0 ? "" : ` and ${others.length} more`;
  return { subject: path, message: `it lacks \`${first}\`${also}`, help: "add the model's weights with --weights" };
}
