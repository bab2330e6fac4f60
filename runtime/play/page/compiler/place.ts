import { pricedPlacements, printBytes, printFlops, readRanks } from "../../../../compiler/index.ts";
import { printableLines } from "../../../../grammar/index.ts";
import { renderPlacements } from "../../../printout/index.ts";
import { printShare } from "../../../text/index.ts";
import type { Placed, PlaceRequest } from "../protocol.ts";
import type { Opened } from "./session.ts";

/** Placements that meet a budget, as `medctc place` finds them. */
export function place({ spec: { source }, library }: Opened, { options }: PlaceRequest): Placed {
  const read = readRanks(options.ranks);
  if (read.kind === "wrong") return { kind: "refused", why: `ranks: ${read.rule}` };
  const result = pricedPlacements(source, library, { ...options, ranks: read.ranks, times: 0, timeOf: () => [] });
  switch (result.kind) {
    case "wrong-spec":
      return { kind: "refused", why: result.diagnostics.map(({ message }) => printableLines(message)).join("\n") };
    case "refused": {
      const { rule, help } = result.problem;
      return { kind: "refused", why: help === null ? rule : `${rule}\nhelp: ${help}` };
    }
    case "found":
      return {
        kind: "found",
        text: printableLines(renderPlacements(result.found, options.with)),
        placements: result.found.placements.map(({ trainable, share, cost, memory, lines, imports }) => ({
          ...{ trainable, lines, imports },
          share: printShare(share, 1),
          step: cost === null ? "" : printFlops(cost.stepFlops),
          peak: memory === null ? "" : printBytes(memory.peakBytes),
        })),
      };
  }
}
