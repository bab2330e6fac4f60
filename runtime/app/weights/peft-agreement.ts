import { basename } from "node:path";
import type {
  AdapterUpdate,
  Compiled,
  LowRank,
  LowRankParameter,
  Plan,
  PlannedTensor,
  Rows,
  TracedSpec,
} from "../../../compiler/index.ts";
import { type Diagnostic, report } from "../../../grammar/index.ts";
import {
  adapterUpdates,
  attentionOf,
  besidesModel,
  conflictsWith,
  type FoundConfig,
  type Ia3Config,
  isCopyOf,
  isOfWholeModel,
  type LoraConfig,
  lengthsEnding,
  loraEndings,
  loralibEndings,
  moduleInPeft,
  noTargetParameters,
  type OpenAdapter,
  type OpenModel,
  type PeftConfig,
  peftConfigFor,
  peftPrefix,
  scaleIn,
  scaleOf,
  withoutPrefix,
} from "../../adapters/index.ts";
import type { NameMatch } from "../../weights/index.ts";
import { type Difference, declaredDifference } from "./declared-difference.ts";
import { type MatchedAdapters, unmetConfig } from "./unmet-config.ts";

/** Relative difference of two scales that are the same but for their digits in a file. */
const tolerance = 1e-6;

/** How the names of LoRA's second matrix end, and that of DoRA's row lengths. */
const loraEnding = ".lora_B.weight";
/** One tensor of each update that an alpha scales: those of LoRA, LoHa and LoKr. */
const scaledUpdate = /\.(?:lora_B(?:\.weight)?|lora_(?:embedding|parameter)_B|hada_w1_a|lokr_w1(?:_a)?)$/;

/** Adapters that differ and are named: all of them differ where one setting does. */
const mostNamed = 3;

/** A file with adapters, and what a spec finds there. */
export interface AdaptersIn extends MatchedAdapters {
  /** What somebody says the alpha is, of a file that does not. */
  readonly alpha: number | null;
  /** Whether the file has the model's own tensors, too. */
  readonly isWhole: boolean;
  /** The paths of tensors that stand for those of the file, with the spec's scale in them. */
  readonly rescaled?: ReadonlySet<string>;
}

/** What is wrong with adapters for a spec, or what somebody has to know who uses them. */
export interface Agreement {
  readonly diagnostics: readonly Diagnostic[];
  readonly notes: readonly string[];
}

/**
 * What is used in another way by the spec than by whoever trained the adapters in a file: by their config, or by the alpha that somebody
 * says. Without either, a file with PEFT's names is refused, and one with the spec's own is taken with a note. Their ranks are not compared:
 * those are the shapes of tensors.
 */
export function peftDisagreements(given: AdaptersIn, { spec, plan }: Compiled): Agreement {
  const { path, file, match } = given;
  const nothing: Agreement = { diagnostics: [], notes: [] };
  if (spec === null || plan === null) return nothing;
  const updatesInFile = [...file.tensors.keys()].filter((name) => scaledUpdate.test(name));
  const found = configOf(given);
  if (found.kind === "wrong") return { ...nothing, diagnostics: [found.diagnostic] };
  if (found.kind === "none") {
    if (file.isOwn && !file.isPeft) return nothing;
    const used = new Set(match.found.values());
    const taken = updatesInFile.filter((name) => used.has(name)).length;
    if (file.isPeft)
      return { ...nothing, diagnostics: updatesInFile.length > 0 ? [unknownAlpha(path, updatesInFile.length)] : [] };
    const note = `${path} has no record of the alpha of its LoRA updates, so the spec's is used; --adapter-alpha says another`;
    return taken === 0 ? nothing : { ...nothing, notes: [note] };
  }
  const { file: subject, config } = found;
  const conflicts = [...conflictsWith(subject, config, path, file), ...untargeted(spec, plan, given, found)];
  if (conflicts.length > 0) return { ...nothing, diagnostics: helpedOnce(conflicts) };
  const differing = [...unplaced(given, plan, subject)];
  const unmet = unmetConfig(plan, given, found);
  if (differing.length === 0) {
    if (unmet.diagnostics.length > 0) return { ...nothing, diagnostics: helpedOnce(unmet.diagnostics) };
    const updates = adapterUpdates(spec, plan);
    for (const update of updates) {
      const difference =
        config.kind === "declared" || update.kind === "declared"
          ? declaredDifference(update, updates.length, config, given, spec)
          : update.kind === "rows"
            ? tokensDifference(update, moduleIn(update, given), config)
            : config.kind === "ia3"
              ? sidesOf(update, moduleIn(update, given), config)
              : update.kind === "low-rank" && config.kind === "lora"
                ? differenceOf(update, given, config)
                : update.kind === "low-rank-parameter" && config.kind === "lora"
                  ? parameterDifference(update, given, config)
                  : otherForm(update, plan);
      if (difference === null) continue;
      const { module, found: stored, expected } = difference;
      differing.push(
        report("adapter-differs", subject, { module, found: stored, expected: `\`${update.placement}\` ${expected}` }),
      );
    }
  }
  const more = differing.length - mostNamed;
  const named = differing.slice(0, mostNamed);
  const last = named.at(-1);
  if (last !== undefined && more > 0)
    named.splice(-1, 1, { ...last, notes: [...last.notes, `${more} more adapters differ`] });
  const notes = [
    ...(config.unknown.length === 0 ? [] : [unknownFields(subject, config)]),
    ...unsaved(plan, given, found),
    ...unmet.notes,
  ];
  return { diagnostics: helpedOnce(named), notes };
}

/** The same mistakes of several modules, with what to do about them once, behind the last. */
function helpedOnce(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.map((each, index) => (index < diagnostics.length - 1 ? { ...each, help: null } : each));
}

/** Modules that a config has beside the adapters and the model has, and of which the file has nothing, as one that was cut has it. */
function unsaved(
  { parameters }: Plan,
  { path, file }: AdaptersIn,
  { file: subject, config }: FoundConfig & { readonly kind: "config" },
): readonly string[] {
  const names = [...file.tensors.keys()].map(withoutPrefix);
  return config.saved
    .filter(({ has }) => parameters.some(({ checkpoint }) => has(checkpoint)) && !names.some(has))
    .map(
      ({ called }) =>
        `${subject} has \`${called}\` in \`modules_to_save\`, but ${basename(path)} has none of it: the model's own is used`,
    );
}

function unknownFields(subject: string, { unknown, version }: PeftConfig): string {
  const writer = version === null ? "" : `, which PEFT ${version} wrote,`;
  const isOne = unknown.length === 1;
  return `${subject}${writer} sets ${unknown.join(", ")}, which ${isOne ? "is" : "are"} not known and left out`;
}

/** Modules that have an adapter by their declaration and by the file, and are none of the config's. */
function untargeted(
  spec: TracedSpec,
  plan: Plan,
  { path, file, match }: AdaptersIn,
  { file: subject, config }: FoundConfig & { readonly kind: "config" },
): readonly Diagnostic[] {
  if (config.kind !== "declared") return [];
  const found = adapterUpdates(spec, plan).flatMap((update) => {
    const [first] = update.kind === "declared" && !isOfWholeModel(update.form) ? update.tensors : [];
    if (update.kind !== "declared" || first === undefined) return [];
    const name = match.found.get(first.checkpoint);
    const whole = file.inFile.get(name ?? "") ?? name ?? "";
    const at = whole.indexOf(peftPrefix);
    const rest = first.checkpoint.slice(update.module.length);
    if (at < 0 || !whole.endsWith(rest)) return [];
    const module = whole.slice(at + peftPrefix.length, -rest.length);
    const says = config.targets(module, true);
    if (says === null) return [];
    const has = `has an adapter on \`${module}\``;
    return [report("adapter-conflict", subject, { config: subject, file: basename(path), says, has })];
  });
  return found.slice(0, mostNamed);
}

function unknownAlpha(path: string, adapters: number): Diagnostic {
  return report("unknown-alpha", path, { path, adapters });
}

type PlacedLora = Extract<AdapterUpdate, { readonly kind: "low-rank" }>;

/** The scale of an update by the config beside its file, or by the alpha that somebody says; null where neither has it. */
export function scaleStated(update: PlacedLora | (AdapterUpdate & LowRankParameter), given: AdaptersIn): number | null {
  const found = configOf(given);
  if (found.kind !== "config" || found.config.kind !== "lora") return null;
  const inPeft = moduleIn(update, given);
  if (update.kind === "low-rank") return scaleIn(found.config, inPeft);
  return scaleOf(found.config.alphaOf(inPeft), rankStated(update, inPeft, found.config), found.config);
}

/** Of a stack of matrices a config has the rank of each; without one the rank is that of all, as the shapes of tensors have it. */
function rankStated({ experts }: LowRankParameter, inPeft: string, config: LoraConfig): number {
  return config.hasParameters ? config.rankOf(inPeft) : config.rankOf(inPeft) / experts;
}

/** Whether two scales are the same but for their digits in a file. */
export function isSameScale(one: number, two: number): boolean {
  return Math.abs(one - two) <= tolerance * Math.abs(two);
}

/** The config beside a file, or one of nothing but the alpha that somebody says, with the rank that each module has. */
function configOf({ path, file, match, alpha }: AdaptersIn): FoundConfig {
  const found = peftConfigFor(path, file);
  if (found.kind !== "none" || alpha === null) return found;
  const ranks = new Map(
    [...match.found].flatMap(([checkpoint, name]) => {
      const module = /^(.*)\.lora_(?:(?:embedding|parameter)_)?A(?:\.weight)?$/.exec(checkpoint)?.[1];
      return module === undefined
        ? []
        : [[moduleInPeft(file.inFile.get(name) ?? name), file.tensors.get(name)?.shape[0] ?? 1] as const];
    }),
  );
  const rankOf = (module: string): number => ranks.get(module) ?? 1;
  const hasAnyLengths = [...file.tensors.keys()].some((name) => name.endsWith(lengthsEnding));
  const config = {
    kind: "lora",
    rankOf,
    alphaOf: () => alpha,
    patterns: { ranks: [], alphas: [] },
    rankStabilised: false,
    dropout: 0,
    hasLengths: hasAnyLengths,
    tokensOf: () => null,
    parametersOf: noTargetParameters,
    hasParameters: false,
  } as const;
  return {
    kind: "config",
    file: path,
    config: {
      ...config,
      targets: () => null,
      isTargeted: () => false,
      saved: [],
      listed: [],
      biases: "none",
      unknown: [],
      version: null,
    },
  };
}

/** The name that PEFT has for an adapted module, which a config's patterns are for. */
function moduleIn(update: AdapterUpdate, { file, match }: AdaptersIn): string {
  if (update.kind === "other" || update.kind === "declared") return update.path;
  if (update.kind === "rows") return update.module;
  const { checkpoint } = update.kind === "factors" ? update.factors : update.down;
  const name = match.found.get(checkpoint);
  return name === undefined ? update.module : moduleInPeft(file.inFile.get(name) ?? name);
}

/** Whether the file has row lengths for a module; PEFT's files say so, and those of other names have them or not. */
function hasLengths({ down }: LowRank, { file, match }: AdaptersIn, config: LoraConfig): boolean {
  return config.hasLengths && lengthsName(down.checkpoint, match, file) !== null;
}

/** The name of PEFT's row lengths beside LoRA's first matrix; null where the file has none. */
export function lengthsName(down: string, match: NameMatch, { tensors }: Pick<OpenModel, "tensors">): string | null {
  const name = match.found.get(down)?.replace(/\.lora_(?:embedding_)?A(?:\.weight)?$/, lengthsEnding);
  return name?.endsWith(lengthsEnding) && tensors.has(name) ? name : null;
}

/** Factors of inputs and of outputs may have the same shape. */
function sidesOf(update: AdapterUpdate, inPeft: string, config: Ia3Config): Difference | null {
  if (update.kind !== "factors" || update.on === "either") return null;
  const { module, on } = update;
  const stored = config.isOnInputs(inPeft) ? "inputs" : "outputs";
  return stored === on ? null : { module, found: `has factors of its ${stored}`, expected: `has factors of its ${on}` };
}

/** Rows of other tokens have the same shape. */
function tokensDifference({ module, tokens }: Rows, inPeft: string, config: PeftConfig): Difference | null {
  const stored = config.kind === "lora" || config.kind === "tokens" ? config.tokensOf(inPeft) : null;
  if (stored?.join() === tokens.join()) return null;
  const of = (list: readonly number[] | null): string => {
    const [first, ...rest] = list ?? [];
    return first === undefined
      ? "of no tokens"
      : `of the tokens ${[first, ...rest].slice(0, 8).join(", ")}${rest.length > 7 ? ", ..." : ""}`;
  };
  return { module, found: `has rows ${of(stored)}`, expected: `has rows ${of(tokens)}` };
}

function differenceOf(update: PlacedLora, given: AdaptersIn, config: LoraConfig): Difference | null {
  const { module, scale, hasLengths: needsLengths, folded, up } = update;
  const inPeft = moduleIn(update, given);
  const hasStoredLengths = hasLengths(update, given, config);
  if (folded.dilation.some((step) => step !== 1))
    return { module, found: "is computed by PEFT without the convolution's dilation", expected: "is computed with it" };
  if (config.hasLengths !== needsLengths || hasStoredLengths !== needsLengths) {
    const found = config.hasLengths ? "has row lengths (`use_dora`)" : "has no row lengths";
    return { module, found, expected: needsLengths ? "has them" : "has none" };
  }
  const stored = scaleIn(config, inPeft);
  if (given.rescaled?.has(up.path) === true || isSameScale(stored, scale)) return null;
  const [alpha, rank] = [config.alphaOf(inPeft), config.rankOf(inPeft)];
  const formula = config.rankStabilised ? `${alpha} / sqrt(${rank})` : `${alpha} / ${rank}`;
  return { module, found: `has the scale ${short(stored)} (${formula})`, expected: `has ${short(scale)}` };
}

function parameterDifference(
  update: AdapterUpdate & LowRankParameter,
  given: AdaptersIn,
  config: LoraConfig,
): Difference | null {
  const { module, scale, rank, up } = update;
  if (given.rescaled?.has(up.path) === true) return null;
  const inPeft = moduleIn(update, given);
  const stored = rankStated(update, inPeft, config);
  if (stored !== rank) return { module, found: `has rank ${stored}`, expected: `has rank ${rank}` };
  const alpha = config.alphaOf(inPeft);
  const inFile = scaleOf(alpha, rank, config);
  if (isSameScale(inFile, scale)) return null;
  const formula = config.rankStabilised ? `${alpha} / sqrt(${rank})` : `${alpha} / ${rank}`;
  return { module, found: `has the scale ${short(inFile)} (${formula})`, expected: `has ${short(scale)}` };
}

/** An adapter that reads LoRA's tensors by their names, and computes something else of them. */
function otherForm({ path, kind }: AdapterUpdate, { parameters }: Plan): Difference | null {
  const matrix = parameters.find((each) => each.path.startsWith(`${path}.`) && each.checkpoint.endsWith(loraEnding));
  if ((kind !== "other" && kind !== "low-rank-change") || matrix === undefined) return null;
  const module = matrix.checkpoint.slice(0, -loraEnding.length);
  if (kind === "low-rank-change")
    return { module, found: "is added to the weight as it is", expected: "takes what it starts from out of it" };
  return { module, found: "is low-rank in the file", expected: "is not" };
}

function short(value: number): string {
  return String(Number(value.toPrecision(7)));
}

/** What PEFT calls a parameter, where loralib's name of a matrix is another. */
function peftName({ checkpoint }: PlannedTensor): string {
  return checkpoint.replace(/\.lora_[AB]$/, "$&.weight");
}

/** Whether a tensor is of a projection of an attention that is left as it is: PEFT has both, and then zeros. */
function isOfUnused(name: string, { tensors, floats, attentions }: OpenAdapter): boolean {
  const up = tensors.get(name.replace(/\.lora_A\.weight$/, ".lora_B.weight"));
  const module = withoutPrefix(name).replace(/\.lora_[AB]\.weight$/, "");
  if (up === undefined || attentionOf(module, attentions) === null) return false;
  for (const piece of floats(up)) if (piece.some((value) => value !== 0)) return false;
  return true;
}

/** Modules with tensors in the file that no parameter of the spec has the name of. */
function* unplaced({ file, match, isWhole }: AdaptersIn, plan: Plan, subject: string): Iterable<Diagnostic> {
  const kindOf = besidesModel(file.inFile.values());
  const used = new Set(match.found.values());
  const planned = [...plan.parameters, ...plan.buffers];
  const known = new Set(planned.map(peftName));
  const shared = planned.flatMap(({ path, checkpoint }) => (path.startsWith("shared.") ? [checkpoint] : []));
  const modules = new Set<string>();
  for (const [name, { shape }] of file.tensors) {
    // A tensor without elements, such as one of rank 0, adapts nothing.
    if (shape.includes(0)) continue;
    // Lengths are read with the matrices beside them.
    const isOfMatrices = name.endsWith(lengthsEnding) && isUsed(name.slice(0, -lengthsEnding.length), used);
    if (isWhole && kindOf(file.inFile.get(name) ?? name) !== "adapter") continue;
    const bare = withoutPrefix(name);
    if (used.has(name) || known.has(bare) || isOfMatrices || isOfUnused(name, file)) continue;
    if (shared.some((each) => isCopyOf(each, bare))) continue;
    modules.add(moduleInPeft(name));
  }
  for (const module of modules)
    yield report("adapter-differs", subject, { module, found: "is in the file", expected: "there is no such adapter" });
}

function isUsed(module: string, used: ReadonlySet<string>): boolean {
  return [...loraEndings, loralibEndings].some(({ down }) => used.has(module + down));
}
