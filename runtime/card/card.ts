import { type Plan, printBytes, printNumberOf } from "../../compiler/index.ts";
import { printable } from "../../grammar/index.ts";
import type { ModelContract } from "../data/index.ts";
import {
  type ComparedRuns,
  type Evaluation,
  overallMetrics,
  printInterval,
  printMetric,
  printResamples,
  renderRunComparison,
} from "../evaluate/index.ts";
import { markdownTable, printCount } from "../text/index.ts";
import type { RunRecord } from "../train/index.ts";
import type { FrontMatter } from "./front-matter.ts";
import { code, codeBlock, facts, inline } from "./markdown.ts";
import { renderSections } from "./sections.ts";
import type { UserCard } from "./user-card.ts";

/** What was written, and how it is loaded. */
export interface CardExport {
  /** What it is, in a sentence. */
  readonly summary: string;
  readonly files: readonly string[];
  /** How numbers are stored, and what that changes. */
  readonly precision: readonly string[];
  /** Python that loads it. */
  readonly usage: string;
}

/** What the model's results are: of one evaluation, or of several held against the first. */
export type CardResults =
  | {
      readonly kind: "one";
      readonly title: string;
      readonly evaluation: Evaluation;
      readonly warnings: readonly string[];
    }
  | {
      readonly kind: "compared";
      readonly labels: readonly string[];
      readonly compared: ComparedRuns;
      /** How near latents are, a line for each that is known. */
      readonly cosines: readonly string[];
      readonly warnings: readonly string[];
    };

/** All that a card says. Times and places of the machine are no part of it: the same export has the same card. */
export interface CardFacts {
  readonly version: string;
  readonly plan: Plan;
  /** The text of the spec, with those of the files that it imports. */
  readonly spec: string;
  readonly contract: ModelContract | null;
  /** Files of weights by their last names; null where none was given. */
  readonly weights: string | null;
  readonly adapter: string | null;
  readonly optimizer: string;
  /** What the folder of the training says; null where the adapters are from elsewhere. */
  readonly training: RunRecord | null;
  readonly results: CardResults | null;
  readonly written: CardExport;
  readonly frontMatter: FrontMatter;
  readonly user: UserCard;
}

/** Sections that only its user can write. */
const ofUser = ["Intended use", "Limits"] as const;

export const notStated = "Not stated.\n";

/** A model card: front matter for Hugging Face's hub, then Markdown. */
export function renderCard(card: CardFacts): string {
  const { user, written } = card;
  const known = new Map<string, string>([
    ["Files", filesOf(written)],
    ["Use", codeBlock("python", written.usage)],
    ["Model", modelOf(card)],
    ["Input", contractOf(card.contract)],
    ["Training", trainingOf(card)],
    ["Evaluation", card.results === null ? "No evaluation is known.\n" : resultsOf(card.results)],
    ...ofUser.map((title) => [title, notStated] as const),
    ["Specification", codeBlock("", card.spec)],
  ]);
  const { frontMatter, plan } = card;
  const last = "Specification";
  return renderSections({ frontMatter, title: plan.model, summary: written.summary, known, last, user });
}

export function filesOf({ files, precision }: CardExport): string {
  return `${files.map((file) => `- ${code(file)}`).join("\n")}\n\n${precision.map((line) => `${inline(line)}\n`).join("\n")}`;
}

function modelOf({ plan, weights, adapter, version }: CardFacts): string {
  const { totals, placements, cost } = plan;
  const placed = placements.map(({ text, adapters, parameters }) => {
    return `  - ${code(text)}: ${printNumberOf(adapters.length, "adapter")}, ${printCount(parameters)} parameters`;
  });
  return facts([
    ["Parameters", `${printCount(totals.total)}, of which ${printCount(totals.trainable)} are trained`],
    ["Placements", placed.length === 0 ? "none" : `\n${placed.join("\n")}`],
    ["Size", `${printBytes(cost.modelBytes)} in 32 bits, and ${printBytes(cost.adapterBytes)} of adapters`],
    ["Weights", weights === null ? "none given" : code(weights)],
    ["Adapters", adapter === null ? "none given" : code(adapter)],
    ["Written by", inline(`medctc ${version}`)],
  ]);
}

/** What the network takes: files are brought into this form before it sees them. */
export function contractOf(contract: ModelContract | null): string {
  if (contract === null) return notStated;
  const inputs = Object.entries(contract.inputs).map(([name, { kind, ...settings }]) => {
    const rows = Object.entries(settings).map(
      ([key, value]) => `  - ${inline(key)}: ${value === null ? "not known" : code(JSON.stringify(value))}`,
    );
    return [`- ${code(name)}, ${inline(kind)}`, ...rows].join("\n");
  });
  return inputs.length === 0 ? notStated : `${inputs.join("\n")}\n`;
}

function trainingOf({ training, optimizer, adapter }: CardFacts): string {
  if (training === null) return adapter === null ? "Not trained: no adapters were given.\n" : notStated;
  const { steps, stepsPerEpoch, batch, seed, precision, backend, medctc, end } = training;
  return facts([
    ["Steps", `${printCount(steps)}, ${printCount(stepsPerEpoch)} an epoch`],
    ["Batch", printCount(batch)],
    ["Examples", `at most ${printCount(stepsPerEpoch * batch)}`],
    ["Optimizer", inline(optimizer)],
    ["Seed", String(seed)],
    ["Precision", inline(precision)],
    ["Backend", inline(backend)],
    ["Trained by", inline(`medctc ${medctc}`)],
    ...(end?.kind === "done" ? [] : [["End", "not all steps were made"] as const]),
  ]);
}

/** The numbers of an evaluation, or of several beside each other. */
export function resultsOf(results: CardResults): string {
  const warnings = results.warnings.map((warning) => `\n${inline(`Warning: ${warning}`)}\n`).join("");
  if (results.kind === "compared") {
    const cosines = results.cosines.map((line) => `\n${inline(line)}\n`).join("");
    return `${renderRunComparison(results.compared, results.labels, "AUROC", "markdown")}${cosines}${warnings}`;
  }
  const { title, evaluation } = results;
  const classes = evaluation.classes.map(({ name, present, metrics }) => [
    printable(name),
    printCount(present),
    printMetric(metrics.auroc),
    printInterval(metrics.auroc),
  ]);
  const overall = overallMetrics.map(([name, heading]) => [
    heading,
    printMetric(evaluation.overall[name]),
    printInterval(evaluation.overall[name]),
  ]);
  const drawn = printResamples(evaluation);
  const about = `${title}: ${printNumberOf(evaluation.examples, "example")}${drawn === "" ? "" : `; intervals from ${drawn}`}.`;
  return [
    `${inline(about)}\n`,
    markdownTable([["class", "present", "AUROC", "95 %"], ...classes]),
    markdownTable([["over all classes", "", "95 %"], ...overall]),
  ]
    .join("\n")
    .concat(warnings);
}
