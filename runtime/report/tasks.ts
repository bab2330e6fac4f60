import {
  aboutRetrieval,
  missingRetrieval,
  type RetrievalEvaluation,
  retrievalRows,
  type TaskResult,
} from "../evaluate/index.ts";
import { evaluationSections } from "./evaluation.ts";
import { renderTable, type Section } from "./markup.ts";
import { escapeMarkup } from "./picture/index.ts";

/** What tasks came to, one after the other, each under headings with its name. */
export async function taskSections(tasks: readonly TaskResult[]): Promise<readonly Section[]> {
  const sections: Section[] = [];
  for (const result of tasks) {
    const { name } = result.task;
    switch (result.kind) {
      case "scores": {
        const { evaluation } = result;
        sections.push(...(await evaluationSections([{ label: name, step: null, evaluation }], name)));
        break;
      }
      case "retrieval":
        sections.push(retrievalSection(name, result.evaluation));
        break;
    }
  }
  return sections;
}

/** How well volumes and reports find each other. */
function retrievalSection(name: string, evaluation: RetrievalEvaluation): Section {
  const rows = retrievalRows(evaluation).map(({ title, value, interval, chance, own }) => [
    title,
    { text: value, detail: interval },
    chance,
    own,
  ]);
  const columns = [
    { title: "retrieval", align: "left" },
    ...["value", "chance", "own"].map((title) => ({ title, align: "right" as const })),
  ] as const;
  const about = aboutRetrieval(evaluation).map((sentence) => `${escapeMarkup(sentence)}.`);
  const missing = missingRetrieval(evaluation).map(({ name: of, why }) => `<li>${escapeMarkup(`${of}: ${why}`)}</li>`);
  const without = missing.length === 0 ? "" : `<h3>Without a number</h3><ul>${missing.join("")}</ul>`;
  const body = `<p class="about">${about.join(" ")}</p>${renderTable("Retrieval", columns, rows)}${without}`;
  return { id: `retrieval-${name}`, title: name === "retrieval" ? "Retrieval" : `Retrieval: ${name}`, body };
}
