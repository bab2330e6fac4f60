import { type Problem, printCount } from "../text/index.ts";
import { renderTable } from "./markup.ts";

const mostShown = 100;

/** The first problems, and how many more there are. */
export function problemTable(caption: string, problems: readonly Problem[]): string {
  // Not every problem has help: its cell stays empty.
  const rows = problems.slice(0, mostShown).map(({ subject, message, help }) => [subject, message, help ?? ""]);
  const columns = ["file", "problem", "help"].map((title) => ({ title, align: "left" as const }));
  return renderTable(caption, columns, rows) + andMore(problems.length - rows.length);
}

export function andMore(count: number): string {
  return count <= 0 ? "" : `<p class="about">And ${printCount(count)} more.</p>`;
}
