import { escapeMarkup } from "./picture/index.ts";

/** A part of the page under a heading, which the page's contents link to. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: string;
}

export interface TableColumn {
  readonly title: string;
  readonly align: "left" | "right";
}

export interface TableCell {
  readonly text: string;
  /** What stands beside it in small, such as an interval. */
  readonly detail: string;
  /** Whether it stands out, as the best of its column does. */
  readonly isStrong?: boolean;
}

/** A table whose first cells name their rows. It scrolls inside its own box where the page is narrow. */
export function renderTable(
  caption: string,
  columns: readonly TableColumn[],
  rows: readonly (readonly (string | TableCell)[])[],
): string {
  const classOf = (column: number): string => (columns[column]?.align === "right" ? ' class="number"' : "");
  const head = columns.map(({ title }, column) => `<th scope="col"${classOf(column)}>${escapeMarkup(title)}</th>`);
  const body = rows.map((row) => {
    const cells = row.map((cell, column) => {
      const inside = renderCell(cell);
      return column === 0 ? `<th scope="row"${classOf(column)}>${inside}</th>` : `<td${classOf(column)}>${inside}</td>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  const label = escapeMarkup(caption);
  return [
    `<div class="scroll" role="region" tabindex="0" aria-label="${label}"><table><caption><span>${label}</span></caption>`,
    `<thead><tr>${head.join("")}</tr></thead><tbody>${body.join("\n")}</tbody></table></div>\n`,
  ].join("");
}

function renderCell(cell: string | TableCell): string {
  if (typeof cell === "string") return escapeMarkup(cell);
  const detail = cell.detail === "" ? "" : ` <span class="detail">${escapeMarkup(cell.detail)}</span>`;
  const text = escapeMarkup(cell.text);
  return `${cell.isStrong === true ? `<strong>${text}</strong>` : text}${detail}`;
}

export type Variant = "wide" | "narrow";

/** A picture drawn twice, so that its letters are readable on a desk and on a phone; the style shows one of them. */
export async function inBothWidths(
  widths: Readonly<Record<Variant, number>>,
  draw: (width: number, variant: Variant) => string | Promise<string>,
): Promise<string> {
  const [wide, narrow] = [await draw(widths.wide, "wide"), await draw(widths.narrow, "narrow")];
  return `<div class="wide">${wide}</div><div class="narrow">${narrow}</div>`;
}
