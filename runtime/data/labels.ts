import { printCount } from "../text/index.ts";
import { quoted } from "./quoted.ts";

/**
 * What a cell of a labels table says of a class: that it is there, that it is not, nothing, or that the report leaves it open, which
 * CheXpert's labeler and its like write as -1.
 */
export type LabelCell = "present" | "absent" | "blank" | "uncertain";

/** What a row says of each class. */
export type LabelCells = ReadonlyMap<string, LabelCell>;

/** Numbers also as pandas writes them in a column where some are missing; what pandas reads as missing is blank. */
const cells: ReadonlyMap<string, LabelCell> = new Map([
  ...["1", "1.0"].map((text) => [text, "present"] as const),
  ...["0", "0.0"].map((text) => [text, "absent"] as const),
  ...["-1", "-1.0"].map((text) => [text, "uncertain"] as const),
  ...["", "nan", "na", "n/a", "<na>", "#n/a", "none", "null"].map((text) => [text, "blank"] as const),
]);

/** What a cell says; null for one that is not a label. */
export function labelCell(text: string): LabelCell | null {
  return cells.get(text.trim().toLowerCase()) ?? null;
}

/** Whether a class is there; null where a cell does not say it. */
export function labelOf(cell: LabelCell): boolean | null {
  return cell === "present" ? true : cell === "absent" ? false : null;
}

/** Classes whose missing labels are counted one by one. */
const mostClasses = 20;

/** How many labels are missing among the rows of so many volumes, class by class; nothing where none is. */
export function missingLabelNotes(rows: readonly LabelCells[]): readonly string[] {
  const counts = new Map<string, { blank: number; uncertain: number }>();
  for (const row of rows) {
    for (const [name, cell] of row) {
      const count = counts.get(name) ?? { blank: 0, uncertain: 0 };
      counts.set(name, count);
      if (cell === "blank" || cell === "uncertain") count[cell]++;
    }
  }
  const notes = [...counts].flatMap(([name, { blank, uncertain }]) => {
    const missing = blank + uncertain;
    if (missing === 0) return [];
    const kinds = [
      ...(blank > 0 ? [`${printCount(blank)} blank`] : []),
      ...(uncertain > 0 ? [`${printCount(uncertain)} uncertain`] : []),
    ].join(", ");
    const [some, all] = [printCount(missing), printCount(rows.length)];
    const which =
      missing > 1 && missing === rows.length
        ? `all ${some} cells of ${quoted(name)}`
        : `${some} ${missing === 1 ? "cell" : "cells"} of ${quoted(name)} in ${some} of ${all} volumes`;
    return [`labels missing: ${which} (${kinds})`];
  });
  const more = notes.length - mostClasses;
  return more > 0 ? [...notes.slice(0, mostClasses), `labels missing: cells of ${more} more classes`] : notes;
}
