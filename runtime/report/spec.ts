import type { Section } from "./markup.ts";
import { escapeMarkup } from "./picture/index.ts";

/** A spec as it was run, with line numbers that are not copied with the text. */
export function specSection(path: string, text: string): Section {
  const lines = text.replace(/\r?\n$/, "").split(/\r\n|[\r\n]/);
  const shown = lines.map((line) => `<span class="line">${highlight(line)}\n</span>`);
  const body = `<figure class="card spec-card"><figcaption>${escapeMarkup(path)}</figcaption><pre class="spec" role="region" tabindex="0" aria-label="Text of the spec"><code>${shown.join("")}</code></pre></figure>`;
  return { id: "spec", title: "Spec", body };
}

/** Comments and strings in colours of their own; a mark in a string starts no comment. */
function highlight(line: string): string {
  const parts = line.matchAll(/(?<comment>#.*)|(?<string>"(?:[^"\\]|\\.)*"?)|[^#"]+/g);
  return [...parts]
    .map(({ 0: part, groups }) => {
      const escaped = escapeMarkup(part);
      if (groups?.["comment"] !== undefined) return `<i>${escaped}</i>`;
      return groups?.["string"] === undefined ? escaped : `<b>${escaped}</b>`;
    })
    .join("");
}
