import { basename, join, resolve } from "node:path";
import type { TracedSpec } from "../../../compiler/index.ts";
import {
  type CardExport,
  type CardResults,
  type PlacedCard,
  placeCard,
  readUserCard,
  renderCard,
  type UserCard,
} from "../../card/index.ts";
import { decodeContract } from "../../data/index.ts";
import { type Attempt, kindOfPath, readText, whyUnread } from "../../files/index.ts";
import { version } from "../../machine/index.ts";
import { listWords } from "../../text/index.ts";
import { type RunRecord, readRecord } from "../../train/index.ts";
import type { CompiledSpec } from "../compiled-spec.ts";
import { compareScoredRuns, evaluateScoredRun } from "../evaluate/compare.ts";
import { printCosines, readCosines } from "../evaluate/latent-cosines.ts";
import { problem, type Reporter } from "../reporter.ts";
import { adapterFile } from "../weights/adapter-file.ts";
import { exportedContract } from "../weights/contract-agreement.ts";
import type { GivenWeights } from "../weights/open.ts";

/** What somebody says of a model besides what the export knows. */
export interface CardOptions {
  /** A Markdown file with sections and fields for the card; null for none. */
  readonly card: string | null;
  /** The name of the base model on Hugging Face's hub, or its path; null where nothing is said. */
  readonly baseModel: string | null;
  /** Folders of evaluations, the first of which the others are held against; none for the last one of the training. */
  readonly results: readonly string[];
}

/** The same, read. */
export interface CardSources {
  readonly user: UserCard;
  readonly baseModel: string | null;
  readonly training: RunRecord | null;
  readonly results: CardResults | null;
}

/** Of a card of which nobody says anything. */
export const noCard: CardSources = { user: noUserCard(), baseModel: null, training: null, results: null };

/** Whether anybody says anything for a card. */
export function isSaid({ user, baseModel, results }: CardSources): boolean {
  return user.fields.size + user.sections.size > 0 || baseModel !== null || results !== null;
}

/** Reads what goes into a card, before anything is written; null after reporting what is wrong with it. */
export async function readCardSources(
  { card, baseModel, results }: CardOptions,
  adapter: string | null,
  reporter: Reporter,
): Promise<CardSources | null> {
  const user = card === null ? noUserCard() : readCardFile(card, reporter);
  if (user === null) return null;
  const run = adapter !== null && kindOfPath(adapter) === "folder" ? adapter : null;
  const training = run === null ? null : readRecord(run);
  const [first, second, ...others] = results;
  if (first !== undefined && second !== undefined) {
    const settings = {
      metric: "auroc",
      correction: "holm",
      by: null,
      labels: null,
      common: false,
      page: null,
    } as const;
    const request = { ...settings, runs: [first, second, ...others] as const, bootstrap: { resamples: 1000, seed: 0 } };
    const ended = await compareScoredRuns(request, reporter);
    if (ended.kind !== "done") return null;
    const { labels, warnings, ...compared } = ended.value;
    const cosines = await cosinesIn(results, labels);
    return { user, baseModel, training, results: { kind: "compared", labels, compared, cosines, warnings } };
  }
  const isOfTraining = first === undefined && run !== null && kindOfPath(join(run, "evaluations")) === "folder";
  const evaluated = first ?? (isOfTraining ? run : null);
  if (evaluated === null) return { user, baseModel, training, results: null };
  const found = await evaluateScoredRun(evaluated, reporter);
  if (found.kind === "failed" && first !== undefined) {
    reporter.problem(found.problem);
    return null;
  }
  // A training may have evaluated its loss alone.
  if (found.kind === "failed") return { user, baseModel, training, results: null };
  const title = first === undefined ? "Last evaluation of the training" : `Evaluation in ${basename(resolve(first))}`;
  return { user, baseModel, training, results: { kind: "one", title, ...found.value } };
}

/** How near the latents of exported models were to those of what they were evaluated with, in words. */
async function cosinesIn(results: readonly string[], labels: readonly string[]): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const [place, folder] of results.entries()) {
    const cosines = await readCosines(folder);
    if (cosines !== null) lines.push(`Cosines of latents of ${labels[place] ?? folder}: ${printCosines({ cosines })}.`);
  }
  return lines;
}

function noUserCard(): UserCard {
  return { fields: new Map(), sections: new Map() };
}

function readCardFile(file: string, reporter: Reporter): UserCard | null {
  const text = readText(file);
  if (text.kind !== "text") {
    reporter.diagnostics([whyUnread(text, file)]);
    return null;
  }
  const read = readUserCard(file, text.text);
  if (read.kind === "ok") return read.value;
  reporter.problem(read.problem);
  return null;
}

/** What was exported, as its card tells it. */
export interface CardOf {
  /** Where the card goes: `README.md` of a folder, or a file beside a file; null for nowhere. */
  readonly path: string | null;
  readonly compiled: CompiledSpec;
  readonly given: Pick<GivenWeights, "weights" | "adapter">;
  readonly written: CardExport;
  readonly libraryName: string | null;
  readonly tags: readonly string[];
}

/** Writes the card of an export; gives whether that went well, after reporting where it went. */
export function writeCard(sources: CardSources, of: CardOf, reporter: Reporter): boolean {
  const { compiled, given, path, written, libraryName, tags } = of;
  if (path === null) return true;
  const { plan, spec, text } = compiled;
  const contract = decodeContract(exportedContract(spec, given.adapter));
  const card = renderCard({
    ...{ version, plan, spec: text, written },
    contract: contract.kind === "ok" && contract.value.version === 2 ? contract.value : null,
    weights: given.weights === null ? null : basename(given.weights),
    adapter: given.adapter === null ? null : basename(adapterFile(given.adapter)),
    optimizer: optimizerOf(spec),
    training: sources.training,
    results: sources.results,
    user: sources.user,
    frontMatter: {
      libraryName,
      baseModel: sources.baseModel,
      pipelineTag: pipelineOf(spec),
      tags: ["medctc", ...tags],
    },
  });
  return reportPlacedCard(path, placeCard(path, card), reporter);
}

/** Says where a card went, if that is not its own place; gives whether it is anywhere. */
export function reportPlacedCard(path: string, placed: Attempt<PlacedCard>, reporter: Reporter): boolean {
  if (placed.kind === "failed") {
    reporter.problem(placed.problem);
    return false;
  }
  const own = placed.value;
  if (own.kind === "beside")
    reporter.note(`${path} is not a card that medctc wrote, or was edited: the card is ${own.path}`);
  if (own.kind === "none") {
    const both = listWords([path, own.path], "and");
    reporter.problem(
      problem(`no card was written: ${both} were written or edited by somebody else`, "move one of them"),
    );
  }
  return own.kind !== "none";
}

/** The task of Hugging Face's hub that a model is for, by what the `eval` block does with it. */
function pipelineOf({ evaluation: { tasks, image, text } }: TracedSpec): string | null {
  if (tasks.some(({ kind }) => kind === "zero_shot")) return "zero-shot-image-classification";
  if (image !== null) return "image-feature-extraction";
  return text === null ? null : "feature-extraction";
}

function optimizerOf({ settings: { optimizer, learningRate } }: TracedSpec): string {
  const name = optimizer.kind === "adam" && optimizer.decoupled ? "adamw" : optimizer.kind;
  return `${name}, learning rate ${learningRate}`;
}
