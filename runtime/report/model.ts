import type { Plan } from "../../compiler/index.ts";
import { printCount, printFound, printShare } from "../cli/units.ts";
import { renderDiagram } from "./diagram.ts";
import { inBothWidths, renderTable, type Section } from "./markup.ts";
import { themePalette } from "./palette.ts";

/** Where adapters sit, what each component has, and whether what the spec expects holds. */
export async function modelSection(plan: Plan): Promise<Section> {
  const picture = await inBothWidths({ wide: 1072, narrow: 350 }, (width, variant) =>
    renderDiagram(plan, { width, palette: themePalette, id: `diagram-${variant}`, font: "inherit" }),
  );
  const body = `<figure class="diagram">${picture}</figure>${componentTable(plan)}${expectationTable(plan)}`;
  return { id: "model", title: "Where adapters sit", body };
}

function componentTable({ components, totals }: Plan): string {
  const rows = [...components, { name: "total", parameters: totals.total, trainable: totals.trainable }];
  return renderTable(
    "Parameters",
    [
      { title: "component", align: "left" },
      { title: "parameters", align: "right" },
      { title: "trainable", align: "right" },
      { title: "share", align: "right" },
    ],
    rows.map(({ name, parameters, trainable }) => [
      name,
      printCount(parameters),
      printCount(trainable),
      printShare(trainable, parameters),
    ]),
  );
}

function expectationTable({ expectations }: Plan): string {
  if (expectations.length === 0) return "";
  return renderTable(
    "What the spec expects",
    [
      { title: "expectation", align: "left" },
      { title: "found", align: "right" },
      { title: "holds", align: "left" },
    ],
    expectations.map(({ text, found, holds }) => [text, printFound(text, found), holds ? "yes" : "NO"]),
  );
}
