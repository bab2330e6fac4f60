import { type FrontMatter, renderFrontMatter } from "./front-matter.ts";
import { inline } from "./markdown.ts";
import type { UserCard } from "./user-card.ts";

/** What every card is made of. */
export interface Sectioned {
  readonly frontMatter: FrontMatter;
  readonly title: string;
  /** What it is about, in a sentence. */
  readonly summary: string;
  /** Sections in their order, by their titles. */
  readonly known: ReadonlyMap<string, string>;
  /** The section that stands behind those of its user, if any. */
  readonly last: string | null;
  readonly user: UserCard;
}

/** A card with the sections of its user in the place of those that it has, and the others behind them. */
export function renderSections({ frontMatter, title, summary, known, last, user }: Sectioned): string {
  const others = [...user.sections].filter(([name]) => !known.has(name));
  const sections = [
    ...[...known].filter(([name]) => name !== last).map(([name, text]) => [name, user.sections.get(name) ?? text]),
    ...others,
    ...[...known].filter(([name]) => name === last),
  ];
  return [
    renderFrontMatter(frontMatter, user.fields),
    `\n# ${inline(title)}\n\n${inline(summary)}\n`,
    ...sections.map(([name, text]) => `\n## ${name}\n\n${text}${text?.endsWith("\n") === true ? "" : "\n"}`),
  ].join("");
}
