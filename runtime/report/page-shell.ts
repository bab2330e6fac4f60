import { createHash } from "node:crypto";
import type { Section } from "./markup.ts";
import { escapeMarkup } from "./picture/index.ts";
import { type PageLook, styleOf } from "./style.ts";

export interface Page {
  readonly title: string;
  /** Markup below the title. */
  readonly about: string;
  /** Markup before the first section. */
  readonly lead: string;
  readonly sections: readonly Section[];
  readonly look?: PageLook;
  /** Rules besides those that all pages have. */
  readonly style?: string;
  /** Whether it contains pictures as `data:` addresses. */
  readonly hasPictures?: boolean;
}

/** A page that needs nothing else: no script, its pictures inside. A policy in it lets it load its own style alone. */
export function renderPage({
  title,
  about,
  lead,
  sections,
  look = {},
  style: own = "",
  hasPictures = false,
}: Page): string {
  const style = `${styleOf(look)}${own}`;
  const hash = createHash("sha256").update(style).digest("base64");
  const pictures = hasPictures ? "img-src data:; " : "";
  const policy = `default-src 'none'; ${pictures}style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeMarkup(title)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${escapeMarkup(title)}</h1>
${about}${contents(sections)}</header>
<main>
${lead}${sections.map(({ id, title: heading, body }) => `<section aria-labelledby="${id}"><h2 id="${id}">${heading}</h2>\n${body}</section>\n`).join("")}</main>
<footer>Made by medctc. This page loads no external resources.</footer>
</body>
</html>
`;
}

function contents(sections: readonly Section[]): string {
  if (sections.length < 2) return "";
  const links = sections.map(({ id, title }) => `<li><a href="#${id}">${title}</a></li>`);
  return `<nav aria-label="Contents"><ul>${links.join("")}</ul></nav>\n`;
}
