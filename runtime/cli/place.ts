import {
  compileSpec,
  type ExpectedMemory,
  expectMemory,
  type FoundPlacement,
  type FoundPlacements,
  findPlacements,
  type PlaceOptions,
  type Plan,
  pasteLines,
  printBytes,
  printFlops,
} from "../../compiler/index.ts";
import { createSource, report } from "../../grammar/index.ts";
import { readText } from "../files/index.ts";
import { SpecLibrary } from "../specs/index.ts";
import { printCount, printShare, renderTable } from "../text/index.ts";
import { show } from "./fail.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

export interface PlaceCommandOptions extends PlaceOptions {
  /** How many of the first are compiled for what their steps cost, and for the memory that these take. */
  readonly costs: number;
  readonly memory: number;
  readonly json: boolean;
}

/** A placement with what it costs, where that was asked for and it compiles. */
interface PricedPlacement extends FoundPlacement {
  readonly cost: Plan["cost"] | null;
  readonly memory: ExpectedMemory | null;
}

/** `medctc place`: placements of adapters that meet a budget of trainable parameters, the simplest first. */
export function place(path: string, options: PlaceCommandOptions, terminal: Terminal): ExitCode {
  const file = readText(path);
  if (file.kind !== "text") {
    const diagnostic = file.kind === "missing" ? report("file-not-found", path, { path }) : file.problem(path);
    show([diagnostic], terminal);
    return exitCodes.wrong;
  }
  const library = new SpecLibrary(terminal.libraryFolder, path);
  const result = findPlacements(createSource(path, file.text), library, options);
  switch (result.kind) {
    case "wrong-spec":
      show(result.diagnostics, terminal);
      return exitCodes.wrong;
    case "refused": {
      const { rule, help } = result.problem;
      terminal.err(`error: ${rule}\n${help === null ? "" : `  help: ${help}\n`}`);
      return exitCodes.wrong;
    }
    case "found": {
      const { found, bare } = result;
      const priced = found.placements.map((each, index): PricedPlacement => {
        if (index >= Math.max(options.costs, options.memory)) return { ...each, cost: null, memory: null };
        const text = pasteLines(bare, each.lines, each.imports);
        const { plan, spec } = compileSpec(createSource(path, text), library);
        if (plan !== null && plan.totals.trainable !== each.trainable) {
          throw new Error(`a placement has as many parameters compiled as counted: ${each.lines.join("; ")}`);
        }
        const memory = spec === null || index >= options.memory ? null : expectMemory(spec);
        return { ...each, cost: plan?.cost ?? null, memory };
      });
      if (options.json) terminal.json(renderJson(found, priced));
      else terminal.out(render(found, priced, options));
      return found.count > 0 ? exitCodes.done : exitCodes.wrong;
    }
  }
}

function renderJson(
  { range, without, regions, count }: FoundPlacements,
  placements: readonly PricedPlacement[],
): string {
  return `${JSON.stringify({ range, without, regions, count, placements }, null, 2)}\n`;
}

function render(
  { range, without, regions, count }: FoundPlacements,
  placements: readonly PricedPlacement[],
  options: PlaceCommandOptions,
): string {
  const wanted =
    range.least === range.most ? printCount(range.most) : `${printCount(range.least)} to ${printCount(range.most)}`;
  const besides = without === 0 ? "" : `, ${printCount(without)} of them without adapters`;
  const space = regions.map(({ selector, groups }) => `${selector} (${groups})`).join(", ");
  const shown = count > placements.length ? `; the ${placements.length} simplest:` : ":";
  const head = [
    `trainable: ${wanted}${besides}`,
    `searched: groups of roles of ${space}`,
    count === 0
      ? "there is no such placement"
      : `${printCount(count)} ${count === 1 ? "placement" : "placements"}${shown}`,
  ];
  return [`${head.join("\n")}\n`, ...(count === 0 ? [] : [table(placements), notes(placements, options)])].join("\n");
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
function notes(placements: readonly PricedPlacement[], options: PlaceCommandOptions): string {
  const imports = new Set(placements.flatMap((each) => each.imports));
  const lines = [
    ...[...imports].map((path) => `not imported yet: import "${path}"`),
    ...(options.with === ""
      ? ["arguments that are not shown have the adapter's own defaults; --with gives others"]
      : []),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
