import type { ModelContract } from "../data/index.ts";
import { markdownTable } from "../text/index.ts";
import { type CardExport, type CardResults, contractOf, filesOf, notStated, resultsOf } from "./card.ts";
import type { FrontMatter } from "./front-matter.ts";
import { code, codeBlock, facts, inline } from "./markdown.ts";
import { renderSections } from "./sections.ts";
import type { UserCard } from "./user-card.ts";

/** What the card of an adapter says that was made of other adapters. */
export interface MadeCardFacts {
  readonly version: string;
  readonly title: string;
  readonly written: CardExport;
  /** What it was made of, by the last names of files or folders, with the weight of each where there are weights. */
  readonly sources: readonly { readonly name: string; readonly weight: number | null }[];
  /** How it was made, and what was lost. */
  readonly method: readonly (readonly [name: string, value: string])[];
  /** Calls of adapters with the modules that they are on, or the selectors of a spec. */
  readonly placements: readonly { readonly call: string; readonly on: string }[];
  /** A line for each module, behind one of headings. */
  readonly modules: readonly (readonly string[])[];
  /** What it takes, as its sources were trained with it. */
  readonly contract: ModelContract | null;
  /** Evaluations of the adapter itself. */
  readonly results: CardResults | null;
  readonly frontMatter: FrontMatter;
  readonly user: UserCard;
}

/** The card of an adapter that was made of others: front matter for Hugging Face's hub, then Markdown. */
export function renderMadeCard(card: MadeCardFacts): string {
  const { title, written, sources, method, placements, modules, contract, results, version } = card;
  const placed = placements.map(({ call, on }) => `- ${code(call)} on ${code(on)}`);
  const notEvaluated = "Not evaluated: the evaluations of what it was made of do not hold for it.\n";
  const known = new Map<string, string>([
    ["Files", filesOf(written)],
    ["Use", codeBlock("python", written.usage)],
    [
      "Made of",
      `${sources.map(({ name, weight }) => `- ${code(name)}${weight === null ? "" : `, weight ${weight}`}`).join("\n")}\n`,
    ],
    [
      "Method",
      facts([
        ...method.map(([name, value]) => [name, inline(value)] as const),
        ["Written by", inline(`medctc ${version}`)],
      ]),
    ],
    ["Placements", placed.length === 0 ? notStated : `${placed.join("\n")}\n`],
    ["Modules", modules.length < 2 ? notStated : markdownTable(modules)],
    ["Input", contractOf(contract)],
    ["Evaluation", results === null ? notEvaluated : resultsOf(results)],
    ["Intended use", notStated],
    ["Limits", notStated],
  ]);
  const { frontMatter, user } = card;
  return renderSections({ frontMatter, title, summary: written.summary, known, last: null, user });
}
