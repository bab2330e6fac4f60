import {
  type AdapterUpdate,
  adapterUpdates,
  type Compiled,
  type LowRank,
  type Plan,
  type PlannedTensor,
  type Rows,
} from "../../../compiler/index.ts";
import { type Diagnostic, report } from "../../../grammar/index.ts";
import {
  attentionOf,
  type DeclaredConfig,
  differenceFrom,
  type Ia3Config,
  type LoraConfig,
  type OpenAdapter,
  type PeftConfig,
  peftConfigBeside,
  scaleIn,
  withoutPeftPrefix,
} from "../../adapters/index.ts";

/** Relative difference of two scales that are the same but for their digits in a file. */
const tolerance = 1e-6;

/** How the name of LoRA's second matrix ends. */
const loraEnding = ".lora_B.weight";

/** Adapters that differ and are named: all of them differ where one setting does. */
const mostNamed = 3;

/**
 * What is used in another way by the spec than by PEFT, of the adapters in a file that PEFT wrote; nothing for other files.
 * Their ranks are not compared: those are the shapes of tensors.
 */
export function peftDisagreements(
  tensorFile: string,
  tensors: OpenAdapter,
  { spec, plan }: Compiled,
): readonly Diagnostic[] {
  const found = peftConfigBeside(tensorFile);
  if (found.kind === "none" || spec === null || plan === null) return [];
  if (found.kind === "wrong") return [found.diagnostic];
  const { file, config } = found;
  const differing = [...unplaced(tensors, new Set([...plan.parameters, ...plan.buffers].map(peftName)), file)];
  if (differing.length === 0) {
    for (const update of adapterUpdates(spec, plan)) {
      const difference =
        config.kind === "declared" || update.kind === "declared"
          ? declaredDifference(update, config)
          : update.kind === "rows"
            ? tokensDifference(update, config)
            : config.kind === "ia3"
              ? sidesOf(update, config)
              : update.kind === "low-rank" && config.kind === "lora"
                ? differenceOf(update, config)
                : otherForm(update, plan);
      if (difference === null) continue;
      const { module, found: stored, expected } = difference;
      differing.push(
        report("adapter-differs", file, { module, found: stored, expected: `\`${update.placement}\` ${expected}` }),
      );
    }
  }
  const more = differing.length - mostNamed;
  const named = differing.slice(0, mostNamed);
  const last = named.at(-1);
  if (last !== undefined && more > 0)
    named.splice(-1, 1, { ...last, notes: [...last.notes, `${more} more adapters differ`] });
  return named;
}

interface Difference {
  readonly module: string;
  /** What the file has, and what the spec has instead. */
  readonly found: string;
  readonly expected: string;
}

/** What the declaration of an adapter says, and a config of the same type or of another one. */
function declaredDifference(update: AdapterUpdate, config: PeftConfig): Difference | null {
  const stored: DeclaredConfig =
    config.kind === "declared"
      ? config
      : { kind: "declared", type: typeOf(config.kind), fields: new Map(), version: null };
  if (update.kind === "declared") {
    const difference = differenceFrom(stored, update.form);
    return difference === null ? null : { module: update.module, ...difference };
  }
  const module = update.kind === "other" ? update.path : update.module;
  return { module, found: `is of the type ${stored.type}`, expected: "is not" };
}

function typeOf(kind: "lora" | "ia3" | "tokens"): string {
  return kind === "tokens" ? "TRAINABLE_TOKENS" : kind.toUpperCase();
}

/** Factors of inputs and of outputs may have the same shape. */
function sidesOf(update: AdapterUpdate, config: Ia3Config): Difference | null {
  if (update.kind !== "factors" || update.on === "either") return null;
  const { module, on } = update;
  const stored = config.isOnInputs(module) ? "inputs" : "outputs";
  return stored === on ? null : { module, found: `has factors of its ${stored}`, expected: `has factors of its ${on}` };
}

/** Rows of other tokens have the same shape. */
function tokensDifference({ module, tokens }: Rows, config: PeftConfig): Difference | null {
  const stored = config.kind === "lora" || config.kind === "tokens" ? config.tokensOf(module) : null;
  if (stored?.join() === tokens.join()) return null;
  const of = (list: readonly number[] | null): string => {
    const [first, ...rest] = list ?? [];
    return first === undefined
      ? "of no tokens"
      : `of the tokens ${[first, ...rest].slice(0, 8).join(", ")}${rest.length > 7 ? ", ..." : ""}`;
  };
  return { module, found: `has rows ${of(stored)}`, expected: `has rows ${of(tokens)}` };
}

function differenceOf(
  { module, attention, scale, hasLengths, folded }: LowRank,
  config: LoraConfig,
): Difference | null {
  if (folded.dilation.some((step) => step !== 1))
    return { module, found: "is computed by PEFT without the convolution's dilation", expected: "is computed with it" };
  if (config.hasLengths || hasLengths) {
    const found = config.hasLengths ? "has row lengths (`use_dora`)" : "has no row lengths";
    const expected = hasLengths ? "has their change" : "has none";
    return { module, found, expected };
  }
  const configured = attention?.module ?? module;
  const stored = scaleIn(config, configured);
  if (Math.abs(stored - scale) <= tolerance * Math.abs(scale)) return null;
  const [alpha, rank] = [config.alphaOf(configured), config.rankOf(configured)];
  const formula = config.rankStabilised ? `${alpha} / sqrt(${rank})` : `${alpha} / ${rank}`;
  return { module, found: `has the scale ${short(stored)} (${formula})`, expected: `has ${short(scale)}` };
}

/** An adapter that reads LoRA's tensors by their names, and computes something else of them. */
function otherForm({ path, kind }: AdapterUpdate, { parameters }: Plan): Difference | null {
  const matrix = parameters.find((each) => each.path.startsWith(`${path}.`) && each.checkpoint.endsWith(loraEnding));
  if (kind !== "other" || matrix === undefined) return null;
  const module = matrix.checkpoint.slice(0, -loraEnding.length);
  return { module, found: "is low-rank in the file", expected: "is not" };
}

function short(value: number): string {
  return String(Number(value.toPrecision(7)));
}

/** What PEFT calls a parameter, where loralib's name of a matrix is another. */
function peftName({ checkpoint }: PlannedTensor): string {
  return checkpoint.replace(/\.lora_[AB]$/, "$&.weight");
}

/** Modules with tensors in the file that no parameter of the spec has the name of. */
function* unplaced(file: OpenAdapter, known: ReadonlySet<string>, config: string): Iterable<Diagnostic> {
  const modules = new Set<string>();
  for (const name of file.tensors.keys()) {
    const own = withoutPeftPrefix(name);
    const module = own.replace(/\.(lora_\w+|ia3_l|trainable_tokens_delta)(\.weight)?$/, "");
    if (!known.has(own) && !isUnused(name, module, file)) modules.add(module);
  }
  for (const module of modules)
    yield report("adapter-differs", config, { module, found: "is in the file", expected: "there is no such adapter" });
}

/** Whether a tensor is of a projection of an attention that is left as it is: PEFT has both, and then zeros. */
function isUnused(name: string, module: string, { tensors, floats, attentions }: OpenAdapter): boolean {
  const up = tensors.get(name.replace(/\.lora_A\.weight$/, ".lora_B.weight"));
  if (up === undefined || attentionOf(module, attentions) === null) return false;
  for (const piece of floats(up)) if (piece.some((value) => value !== 0)) return false;
  return true;
}
