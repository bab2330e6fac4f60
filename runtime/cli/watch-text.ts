import { printBytes } from "../../compiler/index.ts";
import { countDiagnostics, diagnosticToJson } from "../../grammar/index.ts";
import type { GoodCompile, SpecSummary, WatchedCompile } from "../app/watch/watch.ts";
import { renderComparison, renderSummary } from "../printout/index.ts";
import { printCount, printShare } from "../text/index.ts";

/** One compilation for a person: when, what changed, the summary. Diagnostics follow by themselves. */
export function renderWatched(spec: string, compile: WatchedCompile): string {
  const { at, changed, elapsedMs, summary, lastGood } = compile;
  const because = changed.every((path) => path === spec) ? "" : ` after a change of ${namesOf(changed)}`;
  const took = `${(elapsedMs / 1000).toFixed(2)} s`;
  if (summary === null) {
    const found = countDiagnostics(compile.diagnostics);
    return `[${timeOf(at)}] ${spec}: does not compile${because}: ${found}\n${lastGoodLine(lastGood)}\n`;
  }
  const head = `[${timeOf(at)}] ${spec}: ${compile.isGood ? "compiles" : "compiles, with errors"} in ${took}${because}\n`;
  const parts = [head, changesText(compile, summary), renderSummary(summary.plan, summary.memory)];
  if (!compile.isGood) parts.push(lastGoodLine(lastGood));
  return `${parts.filter((part) => part !== "").join("\n")}\n`;
}

function changesText({ lastGood, comparison }: WatchedCompile, { memory }: SpecSummary): string {
  if (lastGood === null || comparison === null) return "";
  const peak = peakText(lastGood, memory);
  const since = timeOf(lastGood.at);
  if (comparison.isEqual && peak === "") return `nothing changed in meaning since ${since}\n`;
  const text = `${comparison.isEqual ? "" : renderComparison(comparison)}${peak}`;
  return `changes since ${since}\n${text.replaceAll(/^(?=.)/gm, "  ")}`;
}

function peakText(before: GoodCompile, memory: SpecSummary["memory"]): string {
  if (before.memory === null || memory === null || before.memory.peakBytes === memory.peakBytes) return "";
  return `expected peak of memory  ${printBytes(before.memory.peakBytes)} -> ${printBytes(memory.peakBytes)}\n`;
}

function lastGoodLine(lastGood: GoodCompile | null): string {
  if (lastGood === null) return "last good: none yet\n";
  const { trainable, total } = lastGood.plan.totals;
  const share = printShare(trainable, total);
  return `last good: ${timeOf(lastGood.at)}, ${printCount(trainable)} of ${printCount(total)} parameters trained (${share})\n`;
}

function namesOf(paths: readonly string[]): string {
  const [first = "", ...others] = paths;
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}

/** The time of day where the program runs, `14:03:07`. */
function timeOf(at: Date): string {
  return at.toTimeString().slice(0, 8);
}

/** One compilation for a program. */
export function watchedToJson(spec: string, compile: WatchedCompile): unknown {
  const { at, elapsedMs, changed, diagnostics, isGood, summary, lastGood, comparison } = compile;
  return {
    spec,
    time: at.toISOString(),
    elapsedMs: Math.round(elapsedMs),
    changed,
    compiles: summary !== null,
    isGood,
    diagnostics: diagnostics.map(diagnosticToJson),
    summary: summary === null ? null : summaryToJson(summary),
    lastGood: lastGood === null ? null : { time: lastGood.at.toISOString(), ...summaryToJson(lastGood) },
    comparison,
  };
}

function summaryToJson({ plan, memory }: SpecSummary): object {
  const { model, batch, totals, components, placements, expectations, cost } = plan;
  return {
    ...{ model, batch, totals, components },
    placements: placements.map(({ text, selections, adapters, parameters }) => ({
      ...{ text, selections, parameters },
      adapters: adapters.length,
    })),
    expectations: expectations.map(({ text, holds, found }) => ({ text, holds, found })),
    ...{ cost, memory },
  };
}
