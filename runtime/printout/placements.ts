import { type PricedPlacement, type PricedPlacements, printBytes, printFlops } from "../../compiler/index.ts";
import { printCount, printShare, renderTable } from "../text/index.ts";

/** Placements that meet a budget, the simplest first; `given` are the arguments that all of them have besides. */
export function renderPlacements(
  { range, without, regions, count, placements }: PricedPlacements,
  given: string,
): string {
  const wanted =
    range.least === range.most ? printCount(range.most) : `${printCount(range.least)} to ${printCount(range.most)}`;
  const besides = without === 0 ? "" : `, ${printCount(without)} of them without adapters`;
  const space = regions.map(({ selector, groups }) => `${selector} (${groups})`).join(", ");
  const shown = count > placements.length ? `; the ${placements.length} simplest:` : ":";
  const head = [
    `trainable: ${wanted}${besides}`,
    `searched: groups of roles of ${space}`,
    count === 0 ? "no placement found" : `${printCount(count)} ${count === 1 ? "placement" : "placements"}${shown}`,
  ];
  return [`${head.join("\n")}\n`, ...(count === 0 ? [] : [table(placements), notes(placements, given)])].join("\n");
}

function table(placements: readonly PricedPlacement[]): string {
  const hasCosts = placements.some(({ cost }) => cost !== null);
  const hasMemory = placements.some(({ memory }) => memory !== null);
  const costs = (step: string, peak: string): readonly string[] => [
    ...(hasCosts ? [step] : []),
    ...(hasMemory ? [peak] : []),
  ];
  const rows = placements.flatMap(({ trainable, share, cost, memory, lines }) => {
    const [first = "", ...others] = lines;
    const step = cost === null ? "" : printFlops(cost.stepFlops);
    const peak = memory === null ? "" : printBytes(memory.peakBytes);
    return [
      [printCount(trainable), printShare(share, 1), ...costs(step, peak), first],
      ...others.map((line) => ["", "", ...costs("", ""), line]),
    ];
  });
  const header = ["trainable", "share", ...costs("step", "peak"), "placement"];
  return renderTable(
    [header, ...rows],
    header.map((name) => (name === "placement" ? "left" : "right")),
  );
}

/** What a reader has to know to paste a line. */
function notes(placements: readonly PricedPlacement[], given: string): string {
  const imports = new Set(placements.flatMap((each) => each.imports));
  const lines = [
    ...[...imports].map((path) => `not imported yet: import "${path}"`),
    ...(given === "" ? ["arguments not shown have the adapter's defaults; --with sets others"] : []),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
