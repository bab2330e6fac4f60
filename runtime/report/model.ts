import { type Plan, printType } from "../../compiler/index.ts";
import { at } from "../at.ts";
import { printCount, printFound, printShare } from "../text/index.ts";
import { inBothWidths, renderTable, type Section } from "./markup.ts";
import { renderDiagram, themePalette } from "./picture/index.ts";

/**
 * How values flow through the model and where adapters sit, what each component has, and whether what the spec expects
 * holds. `wide` is the width of the picture on a desk.
 */
export async function modelSection(plan: Plan, wide = 1072): Promise<Section> {
  const picture = await inBothWidths({ wide, narrow: 350 }, (width, variant) =>
    renderDiagram(plan, { width, palette: themePalette, id: `diagram-${variant}`, font: "inherit" }),
  );
  const body = `<figure class="diagram">${picture}</figure>${componentTable(plan)}${flowTable(plan)}${expectationTable(plan)}`;
  return { id: "model", title: "Model and adapters", body };
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

/** The same as the arrows of the picture, in words. */
function flowTable({ flow: { units, arrows } }: Plan): string {
  if (units.length === 0) return "";
  const rows = units.map(({ kind, name, type, components }, unit) => {
    const sources = arrows.flatMap(({ from, to, value }) => (to === unit ? [value || at(units, from).name] : []));
    return [
      name,
      kind,
      type === null ? "" : printType(type),
      [...new Set([...sources, ...(kind === "encoder" ? [] : components)])].join(", "),
    ];
  });
  return renderTable(
    "Flow of values",
    ["name", "is", "shape", "uses"].map((title) => ({ title, align: "left" as const })),
    rows,
  );
}

function expectationTable({ expectations }: Plan): string {
  if (expectations.length === 0) return "";
  return renderTable(
    "Expectations",
    [
      { title: "expectation", align: "left" },
      { title: "found", align: "right" },
      { title: "holds", align: "left" },
    ],
    expectations.map(({ text, found, holds }) => [text, printFound(text, found), holds ? "yes" : "NO"]),
  );
}
