import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  type AdapterUpdate,
  adapterUpdates,
  evaluateOnce,
  type Factors,
  type LowRank,
  type Plan,
  printBytes,
} from "../../compiler/index.ts";
import { type ConfigFields, ia3Config, lengthsOf, loraConfig, peftFiles, peftPrefix } from "../adapters/index.ts";
import { attempt, writeAtomically } from "../files/index.ts";
import { compilePath } from "../specs/index.ts";
import { countOf, type FloatTensor, joined, safetensorsPieces, type WeightPieces } from "../weights/index.ts";
import { fail, failStorage, refuse } from "./fail.ts";
import { Progress } from "./progress.ts";
import { showDiagnostics } from "./show-diagnostics.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";
import { type GivenWeights, openWeights } from "./weight-sources.ts";

export interface ExportPeftOptions extends GivenWeights {
  /** The folder that PEFT's two files go into. */
  readonly folder: string;
}

/** `medctc export --peft`: adapters as PEFT stores them, where PEFT computes the same of them. */
export function exportPeft(path: string, options: ExportPeftOptions, terminal: Terminal): ExitCode {
  const compiled = compilePath(path, terminal.libraryFolder);
  const { spec, plan } = compiled;
  if (!showDiagnostics(compiled, terminal) || spec === null || plan === null) return exitCodes.wrong;
  const progress = new Progress(terminal);
  progress.say("finding what the adapters compute");
  const updates = adapterUpdates(spec, plan);
  progress.end();
  const refused = whyNot(updates, plan);
  if (refused !== null) return fail(refused.problem, refused.help, terminal);
  const needsWeights = updates.some((update) => update.kind === "low-rank" && update.hasLengths);
  if (needsWeights && options.weights === null) {
    const problem = "PEFT stores the lengths of rows, and these adapters how the lengths change";
    return fail(problem, "give the model's weights with --weights", terminal);
  }
  const weights = openWeights("all", compiled, options);
  if (weights.kind === "wrong") return refuse(weights.diagnostics, terminal);
  try {
    if (options.adapter === null) terminal.err("no --adapter: the first values, which change nothing\n");
    const { config, tensors } = peftOf(updates, weights.piecesOf);
    progress.say(`writing ${options.folder}`);
    const saved = attempt(options.folder, () => {
      mkdirSync(options.folder, { recursive: true });
      writeAtomically(join(options.folder, peftFiles.tensors), safetensorsPieces(tensors));
      writeAtomically(join(options.folder, peftFiles.config), `${JSON.stringify(config, null, 2)}\n`);
    });
    progress.end();
    if (saved.kind === "failed") return failStorage(saved.problem, terminal);
    const numbers = [...tensors.values()].reduce((sum, { shape }) => sum + countOf(shape), 0);
    terminal.out(
      `${updates.length} adapters, ${tensors.size} tensors, ${printBytes(4 * numbers)}, in ${options.folder}\n`,
    );
    return exitCodes.done;
  } finally {
    progress.end();
    weights.close();
  }
}

type PeftUpdate = AdapterUpdate & (LowRank | Factors);

/** Why PEFT has no file for this; null where it has. */
function whyNot(
  updates: readonly AdapterUpdate[],
  { parameters }: Plan,
): { readonly problem: string; readonly help: string | null } | null {
  if (updates.length === 0) return { problem: "the spec has no adapters", help: null };
  const other = updates.find((update) => update.kind === "other");
  if (other?.kind === "other") {
    const problem = `PEFT has no form for \`${other.placement}\`, on ${other.path}: ${other.why}`;
    return { problem, help: "medctc export --safetensors --merge writes whole weights, where that is exact" };
  }
  const forms = new Map<string, string>();
  for (const update of updates) {
    const form = update.kind === "low-rank" ? (update.hasLengths ? "DoRA" : "LoRA") : "IA3";
    if (!forms.has(form)) forms.set(form, `${form} for \`${update.placement}\``);
  }
  if (forms.size > 1)
    return { problem: `a file of PEFT's has one form: ${[...forms.values()].join(", ")}`, help: null };
  const trained = parameters.find(({ trainable, ofAdapter }) => trainable && !ofAdapter);
  if (trained !== undefined) {
    const problem = `\`${trained.checkpoint}\` is trained too (${trained.rule}), and does not belong to an adapter`;
    return { problem, help: "freeze it, or write whole weights with medctc export --safetensors --merge" };
  }
  return null;
}

function peftOf(
  updates: readonly AdapterUpdate[],
  piecesOf: WeightPieces,
): { readonly config: ConfigFields; readonly tensors: ReadonlyMap<string, FloatTensor> } {
  const known = updates.filter((update): update is PeftUpdate => update.kind !== "other");
  const lowRank = known.filter((update) => update.kind === "low-rank");
  const factors = known.filter((update) => update.kind === "factors");
  const tensors = new Map<string, FloatTensor>();
  for (const update of known) {
    const own = update.kind === "low-rank" ? [update.down, update.up] : [update.factors];
    for (const { checkpoint, path, shape } of own)
      tensors.set(`${peftPrefix}${checkpoint}`, { shape, data: () => piecesOf(path) });
    if (update.kind !== "low-rank" || !update.hasLengths) continue;
    const data = lengthsFor(update, piecesOf);
    tensors.set(`${peftPrefix}${update.module}.lora_magnitude_vector`, { shape: [data.length], data });
  }
  return { config: lowRank.length > 0 ? loraConfig(lowRank) : ia3Config(factors), tensors };
}

/** DoRA's lengths in PEFT: what the rows of W + scale up down are multiplied to. */
function lengthsFor({ folded: { weight }, down, up, rank, scale }: LowRank, piecesOf: WeightPieces): Float32Array {
  const [outputs = 0, inputs = 0] = weight.parameter.shape;
  const [before, a, b] = [weight.parameter, down, up].map(({ path, shape }) => joined(piecesOf(path), countOf(shape)));
  const folded = evaluateOnce(weight.node, piecesOf);
  return lengthsOf({ outputs, inputs, rank, scale, weight: before ?? [], down: a ?? [], up: b ?? [], folded });
}
