/** A cell of a table for a document. */
export type DocumentCell = string | { readonly text: string; readonly isBold: boolean };

/** A table by its rows, the first of which is its header: a column of text, then columns of numbers. */
export type DocumentRows = readonly (readonly DocumentCell[])[];

/** A table in GitHub's Markdown, in which signs stand for themselves. */
export function markdownTable(rows: DocumentRows): string {
  const lines = rows.map((cells) => `| ${cells.map((cell) => printCell(cell, markdown)).join(" | ")} |`);
  const rule = `| ${(rows[0] ?? []).map((_, column) => (column === 0 ? ":--" : "--:")).join(" | ")} |`;
  return `${[...lines.slice(0, 1), rule, ...lines.slice(1)].join("\n")}\n`;
}

/** A `tabular` with the rules of the package booktabs, in which signs stand for themselves. */
export function latexTable(rows: DocumentRows): string {
  const [header = [], ...others] = rows;
  const line = (cells: readonly DocumentCell[]): string =>
    `  ${cells.map((cell) => printCell(cell, latex)).join(" & ")} \\\\`;
  return [
    `\\begin{tabular}{l${"r".repeat(Math.max(0, header.length - 1))}}`,
    "  \\toprule",
    line(header),
    "  \\midrule",
    ...others.map(line),
    "  \\bottomrule",
    "\\end{tabular}\n",
  ].join("\n");
}

interface Writing {
  readonly escaped: (text: string) => string;
  readonly bold: (text: string) => string;
}

function printCell(cell: DocumentCell, { escaped, bold }: Writing): string {
  if (typeof cell === "string") return escaped(cell);
  return cell.isBold ? bold(escaped(cell.text)) : escaped(cell.text);
}

export function escapeMarkdown(text: string): string {
  return text.replace(/[\\|*_`<>[\]]/g, (sign) => `\\${sign}`);
}

const latexSigns: ReadonlyMap<string, string> = new Map([
  ["\\", "\\textbackslash{}"],
  ["~", "\\textasciitilde{}"],
  ["^", "\\textasciicircum{}"],
  ["<", "$<$"],
  [">", "$>$"],
  ["−", "$-$"],
  ["+", "$+$"],
  ["–", "--"],
  ["†", "$^\\dagger$"],
  ["‡", "$^\\ddagger$"],
  ...["&", "%", "$", "#", "_", "{", "}"].map((sign) => [sign, `\\${sign}`] as const),
]);

function escapeLatex(text: string): string {
  return text.replace(/[\\~^<>−+–†‡&%$#_{}]/g, (sign) => latexSigns.get(sign) ?? sign);
}

const markdown: Writing = { escaped: escapeMarkdown, bold: (text) => `**${text}**` };
const latex: Writing = { escaped: escapeLatex, bold: (text) => `\\textbf{${text}}` };
