import { paperDocument, paperNotes } from "../../evaluate/index.ts";
import { latexTable, markdownTable } from "../../text/index.ts";
import type { Section } from "../markup.ts";
import { escapeMarkup } from "../picture/index.ts";
import { renderDetails } from "./details.ts";
import type { ComparisonReport } from "./types.ts";

/** The table of a paper, to be copied into one. */
export function documentsSection({ runs, comparisons }: ComparisonReport): Section {
  const rows = paperDocument(runs, comparisons, { hasIntervals: true });
  const notes = paperNotes(runs);
  const latex = `${latexTable(rows)}${notes.map((note) => `% ${note}\n`).join("")}`;
  const blocks = [
    ["LaTeX, with the package booktabs", latex],
    ["Markdown", `${markdownTable(rows)}\n${notes.join("\n")}\n`],
  ] as const;
  const body = blocks.map(([title, text]) => {
    const block = `<div class="scroll source" role="region" tabindex="0" aria-label="${title}"><pre>${escapeMarkup(text)}</pre></div>`;
    return renderDetails(title, block);
  });
  return { id: "documents", title: "Tables for a paper", body: body.join("\n") };
}
