import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type {
  AdapterUpdate,
  Factors,
  LowRank,
  LowRankChange,
  LowRankParameter,
  Plan,
  Rows,
} from "../../../compiler/index.ts";
import {
  adapterUpdates,
  countsTwiceUpTo,
  ia3Config,
  loraConfig,
  meaningOnly,
  peftFiles,
  peftPrefix,
  tokensConfig,
  tokensName,
} from "../../adapters/index.ts";
import { contractKey } from "../../data/index.ts";
import { attempt, writeAtomically } from "../../files/index.ts";
import type { Problem } from "../../text/index.ts";
import { countOf, type FloatTensor, safetensorsPieces, type WeightPieces } from "../../weights/index.ts";
import { type CompiledSpec, compileReported, type SpecRequest } from "../compiled-spec.ts";
import { overwritingAdapter } from "../overwriting.ts";
import { done, type Ended, problem, type Reporter, refuse, refuseBy, refused } from "../reporter.ts";
import { reportAdapterFile } from "../weights/adapter-file.ts";
import { exportedContract } from "../weights/contract-agreement.ts";
import { type GivenWeights, openWeights } from "../weights/open.ts";
import { doraLengths } from "../weights/row-lengths.ts";
import { adaptedAttentions, peftAttention, unlikeProjections } from "./peft-attention.ts";
import { peftOfDeclared, type WrittenForPeft } from "./peft-declared.ts";
import { inPeft, rankInPeft } from "./peft-low-rank.ts";
import { parameterInPeft, unlikeParameters, wrappedNames } from "./peft-parameters.ts";
import { unlikeRows } from "./peft-rows.ts";

export interface ExportPeftRequest extends GivenWeights, SpecRequest {
  /** The folder that PEFT's two files go into. */
  readonly folder: string;
  /** The name of the base model on Hugging Face's hub, or its path; null where nothing is said. */
  readonly baseModel: string | null;
}

/** What was written for PEFT. */
export interface PeftExport {
  readonly adapters: number;
  readonly tensors: number;
  readonly bytes: number;
  /** PEFT's name of its type. */
  readonly type: string;
  readonly files: readonly string[];
  readonly compiled: CompiledSpec;
}

/** Writes adapters as PEFT stores them, where PEFT computes the same of them. */
export function exportPeft(request: ExportPeftRequest, reporter: Reporter): Ended<PeftExport> {
  const over = overwritingAdapter(request.folder, [request.adapter], [request.weights, request.spec]);
  if (over !== null) return refuse(over, reporter);
  const compiled = compileReported(request, reporter);
  if (compiled === null) return refused;
  const { spec, plan } = compiled;
  reporter.progress("analysing adapters");
  const updates = adapterUpdates(spec, plan);
  reporter.progressEnd();
  const unfit = whyNot(updates, plan);
  if (unfit !== null) return refuse(unfit, reporter);
  const needsWeights = updates.some((update) => update.kind === "low-rank" && update.hasLengths);
  if (needsWeights && request.weights === null) {
    const message = "PEFT stores DoRA's row lengths, but these adapters store their change";
    return refuse(problem(message, "add the model's weights with --weights"), reporter);
  }
  reportAdapterFile(request.adapter, reporter);
  const weights = openWeights("all", compiled, request);
  if (weights.kind === "wrong") return refuseBy(weights.diagnostics, reporter);
  for (const note of weights.notes) reporter.note(note);
  try {
    if (request.adapter === null) reporter.warning("no --adapter: exporting first values");
    const declared = updates.filter((update) => update.kind === "declared");
    const modules = modulesOf(plan);
    const written =
      declared.length > 0
        ? peftOfDeclared(declared, weights.piecesOf, modules)
        : peftOf(updates, plan, weights.piecesOf);
    if (written.kind === "wrong") return refuse(problem(written.problem, null), reporter);
    const { tensors } = written;
    const config = {
      ...meaningOnly(written.config, modules),
      base_model_name_or_path: request.baseModel,
    };
    if (lowRankOf(updates).some(({ attention }) => attention?.part === "out_proj")) {
      reporter.note(
        `lora_B of each nn.MultiheadAttention's out_proj is half of the spec's: PEFT up to ${countsTwiceUpTo} adds that update twice`,
      );
    }
    // As PEFT itself writes them.
    const metadata = new Map([
      ["format", "pt"],
      [contractKey, exportedContract(spec, request.adapter)],
    ]);
    reporter.progress(`writing ${request.folder}`);
    const saved = attempt(request.folder, () => {
      mkdirSync(request.folder, { recursive: true });
      writeAtomically(join(request.folder, peftFiles.tensors), safetensorsPieces(tensors, metadata));
      writeAtomically(join(request.folder, peftFiles.config), `${JSON.stringify(config, null, 2)}\n`);
    });
    if (saved.kind === "failed") return refuse(saved.problem, reporter);
    const elements = [...tensors.values()].reduce((sum, { shape }) => sum + countOf(shape), 0);
    return done({
      ...{ adapters: updates.length, tensors: tensors.size, bytes: 4 * elements, compiled },
      type: String(written.config["peft_type"]),
      files: [peftFiles.config, peftFiles.tensors],
    });
  } finally {
    reporter.progressEnd();
    weights.close();
  }
}

/** The names in checkpoints of all modules with parameters or buffers, and of those that they are in, in their order. */
function modulesOf({ parameters, buffers }: Plan): ReadonlySet<string> {
  const modules = new Set<string>();
  for (const { checkpoint, ofAdapter } of [...parameters, ...buffers]) {
    if (ofAdapter) continue;
    for (let dot = checkpoint.lastIndexOf("."); dot > 0; dot = checkpoint.lastIndexOf(".", dot - 1))
      modules.add(checkpoint.slice(0, dot));
  }
  return modules;
}

type PeftUpdate = AdapterUpdate & (LowRank | LowRankChange | LowRankParameter | Factors | Rows);

/** Whether its form is found from what it computes. */
function isFound(update: AdapterUpdate): update is PeftUpdate {
  return update.kind !== "declared" && update.kind !== "other";
}

/** Why PEFT has no file for this; null where it has. */
function whyNot(updates: readonly AdapterUpdate[], plan: Plan): Problem | null {
  if (updates.length === 0) return problem("the spec has no adapters", null);
  const other = updates.find((update) => update.kind === "other");
  if (other?.kind === "other") {
    return problem(
      `PEFT cannot represent \`${other.placement}\`, on ${other.path}: ${other.why}`,
      "use medctc export --safetensors --merge, which writes whole weights where that is exact",
    );
  }
  const convolution = updates.flatMap((update) => (isFound(update) ? (withoutForm(update) ?? []) : [])).at(0);
  if (convolution !== undefined) return convolution;
  const lowRank = lowRankOf(updates).map((update) => ({ ...update, rank: rankInPeft(update) }));
  const unlike = adaptedAttentions(lowRank)
    .flatMap((each) => unlikeProjections(each) ?? [])
    .at(0);
  if (unlike !== undefined) return unlike;
  const unlikeOther = unlikeParameters(ofParameters(updates), lowRankOf(updates), plan);
  if (unlikeOther !== null) return unlikeOther;
  const rows = updates.filter((update): update is AdapterUpdate & Rows => update.kind === "rows");
  const otherRows = unlikeRows(rows, isBesideLora(updates), plan);
  if (otherRows !== null) return otherRows;
  const forms = new Map<string, string>();
  for (const update of updates) {
    if (update.kind === "rows" && isBesideLora(updates)) continue;
    const form = formOf(update);
    if (!forms.has(form)) forms.set(form, `${form} for \`${update.placement}\``);
  }
  if (forms.size > 1)
    return problem(`a PEFT adapter is of one kind, but the spec has ${[...forms.values()].join(", ")}`, null);
  const trained = plan.parameters.find(({ trainable, ofAdapter }) => trainable && !ofAdapter);
  if (trained !== undefined) {
    return problem(
      `\`${trained.checkpoint}\` is trained too (${trained.rule}), but does not belong to an adapter`,
      "freeze it, or write whole weights with medctc export --safetensors --merge",
    );
  }
  return null;
}

function formOf(update: AdapterUpdate): string {
  switch (update.kind) {
    case "low-rank":
      return update.hasLengths ? "DoRA" : "LoRA";
    case "low-rank-change":
    case "low-rank-parameter":
      return "LoRA";
    case "factors":
      return "IA3";
    case "rows":
      return "trained tokens";
    case "declared":
      return update.form.type;
    case "other":
      return "another form";
  }
}

/** Rows of tables are trained by a field of LoRA's config where there is LoRA. */
function isBesideLora(updates: readonly AdapterUpdate[]): boolean {
  return lowRankOf(updates).length + ofParameters(updates).length > 0;
}

function ofParameters(updates: readonly AdapterUpdate[]): readonly (AdapterUpdate & LowRankParameter)[] {
  return updates.filter((update) => update.kind === "low-rank-parameter");
}

function lowRankOf(updates: readonly AdapterUpdate[]): readonly (AdapterUpdate & (LowRank | LowRankChange))[] {
  return updates.filter((update) => update.kind === "low-rank" || update.kind === "low-rank-change");
}

/** What PEFT's adapters of convolutions and of attentions leave out; null where an adapter has nothing of it. */
function withoutForm(update: PeftUpdate): Problem | null {
  const { placement, path } = update;
  const why = (without: string): Problem => {
    const help = "use medctc export --safetensors --merge, which writes whole weights where that is exact";
    return problem(`PEFT cannot represent \`${placement}\`, on ${path}: ${without}`, help);
  };
  if (update.kind === "rows" || update.kind === "low-rank-parameter") return null;
  const hasLengths = update.kind === "low-rank" && update.hasLengths;
  if (update.attention !== null && (update.kind === "factors" || hasLengths))
    return why(`of an nn.MultiheadAttention it has LoRA, but no ${update.kind === "factors" ? "IA3" : "DoRA"}`);
  if (update.kind === "factors")
    return update.factors.shape.length === 3 ? why("it has no IA3 of convolutions over one axis") : null;
  const { dilation, groups } = update.folded;
  if (dilation.some((step) => step !== 1)) return why("its LoRA leaves out the dilation of a convolution");
  return hasLengths && groups > 1 ? why("it has no DoRA of convolutions in groups") : null;
}

function peftOf(updates: readonly AdapterUpdate[], plan: Plan, piecesOf: WeightPieces): WrittenForPeft {
  const known = updates.filter(isFound);
  const lowRank = lowRankOf(updates).map((update) => inPeft(update, piecesOf));
  const attentions = adaptedAttentions(lowRank).map((each) => peftAttention(each, plan));
  const factors = known.filter((update) => update.kind === "factors");
  const rows = known.filter((update) => update.kind === "rows");
  const isLora = isBesideLora(known);
  const parameters = ofParameters(updates);
  const { wrapperOf, inside } = wrappedNames(parameters, plan);
  const tensors = new Map<string, FloatTensor>();
  const set = (name: string, tensor: FloatTensor): void => {
    tensors.set(peftPrefix + inside(name), tensor);
  };
  for (const { module, rows: own } of rows)
    set(tokensName(module, isLora), { shape: own.shape, data: () => piecesOf(own.path) });
  for (const { module, down, up } of parameters)
    for (const [letter, { path, shape }] of [["A", down] as const, ["B", up] as const])
      tensors.set(`${peftPrefix}${wrapperOf(module)}.lora_${letter}.weight`, { shape, data: () => piecesOf(path) });
  for (const attention of attentions)
    for (const [name, tensor] of attention.tensors) set(name.slice(peftPrefix.length), tensor);
  for (const { module, factors: own } of factors)
    set(`${module}.ia3_l`, { shape: own.shape, data: () => piecesOf(own.path) });
  for (const { module, attention, update, down, up } of lowRank) {
    if (attention !== null) continue;
    set(`${module}.${update.isEmbedding ? "lora_embedding_A" : "lora_A.weight"}`, down);
    set(`${module}.${update.isEmbedding ? "lora_embedding_B" : "lora_B.weight"}`, up);
    if (update.kind !== "low-rank" || !update.hasLengths) continue;
    const data = doraLengths(update, piecesOf);
    const { length } = update.folded.weight.parameter.shape;
    const shape = length === 2 ? [data.length] : [1, data.length, ...Array.from({ length: length - 2 }, () => 1)];
    set(`${module}.lora_magnitude_vector`, { shape, data });
  }
  const modules = [
    ...attentions.flatMap(({ config }) => config ?? []),
    ...lowRank.filter(({ attention }) => attention === null),
  ];
  const [first] = rows;
  if (!isLora && first !== undefined) {
    const names = rows.map(({ module }) => module);
    return { kind: "config", config: tokensConfig(names, first.tokens), tensors };
  }
  if (!isLora) return { kind: "config", config: ia3Config(factors), tensors };
  const isStoredByInputs = lowRank.some(({ update: { folded, isEmbedding } }) => folded.isTurned && !isEmbedding);
  const trained = Object.fromEntries(rows.map(({ module, tokens }) => [module, tokens]));
  const config = {
    ...loraConfig(modules, parameters.map(parameterInPeft)),
    fan_in_fan_out: isStoredByInputs,
    trainable_token_indices: first === undefined ? null : trained,
  };
  return {
    kind: "config",
    config: attentions.length > 0 ? { ...config, peft_version: countsTwiceUpTo } : config,
    tensors,
  };
}
