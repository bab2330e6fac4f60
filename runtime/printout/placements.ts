import {
  type PricedPlacement,
  type PricedPlacements,
  printBytes,
  printFlops,
  printSeconds,
} from "../../compiler/index.ts";
import { printCount, printDuration, printShare, renderTable } from "../text/index.ts";
import { type PrintedTime, ratesOf, sharesOf } from "./epoch.ts";

type Placement = PricedPlacement<readonly PrintedTime[]>;

/** Placements that meet a budget, the simplest first; `given` are the arguments that all of them have besides. */
export function renderPlacements(
  { range, without, regions, count, placements }: PricedPlacements<readonly PrintedTime[]>,
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

function table(placements: readonly Placement[]): string {
  const hasCosts = placements.some(({ cost }) => cost !== null);
  const hasMemory = placements.some(({ memory }) => memory !== null);
  const titles = timesOf(placements).map(({ title }) => title);
  const costs = (step: string, peak: string, times: readonly string[]): readonly string[] => [
    ...(hasCosts ? [step] : []),
    ...(hasMemory ? [peak] : []),
    ...times,
  ];
  const noTimes = titles.map(() => "");
  const rows = placements.flatMap(({ trainable, share, cost, memory, time, lines }) => {
    const [first = "", ...others] = lines;
    const step = cost === null ? "" : printFlops(cost.stepFlops);
    const peak = memory === null ? "" : printBytes(memory.peakBytes);
    const times = time === null ? noTimes : time.map(printTime);
    return [
      [printCount(trainable), printShare(share, 1), ...costs(step, peak, times), first],
      ...others.map((line) => ["", "", ...costs("", "", noTimes), line]),
    ];
  });
  const header = ["trainable", "share", ...costs("step", "peak", titles), "placement"];
  return renderTable(
    [header, ...rows],
    header.map((name) => (name === "placement" ? "left" : "right")),
  );
}

/** The times of the first placement: whichever backend has one has one for all that have any. */
function timesOf(placements: readonly Placement[]): readonly PrintedTime[] {
  return placements[0]?.time ?? [];
}

function printTime({ seconds, epoch }: PrintedTime): string {
  return epoch === null ? printSeconds(seconds) : `${printSeconds(seconds)}, ${printDuration(epoch.seconds)}`;
}

function noteOf(time: PrintedTime): string {
  const { title, machine, share, epoch } = time;
  const what = epoch === null ? "a step" : `a step and an epoch of ${printCount(epoch.volumes)} examples`;
  const where = machine === null ? "on this machine" : "on another machine";
  const processes = share === null ? "" : ` in ${share.processes} processes`;
  return `${title}: what ${what} should take ${where}${processes}, by ${ratesOf(time)}`;
}

/** What an epoch of the first placement goes into. */
function ofFirst({ title, share, epoch }: PrintedTime): readonly string[] {
  return epoch === null ? [] : [`${title}, the first: ${sharesOf(epoch, share !== null).join(", ")}`];
}

/** What a reader has to know to paste a line, and what the times are of. */
function notes(placements: readonly Placement[], given: string): string {
  const imports = new Set(placements.flatMap((each) => each.imports));
  const lines = [
    ...timesOf(placements).flatMap((time) => [noteOf(time), ...ofFirst(time)]),
    ...[...imports].map((path) => `not imported yet: import "${path}"`),
    ...(given === "" ? ["arguments not shown have the adapter's defaults; --with sets others"] : []),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
