import { labelOf, type SweepResults } from "../app/sweep/collect.ts";
import { printInterval, printMetric } from "../evaluate/index.ts";
import type { RunResult } from "../sweep/index.ts";
import { printCount, printShare, renderTable } from "../text/index.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

/** Prints what the runs of a sweep came to, and those that are not done with the ends of their logs. */
export function printSweep(results: SweepResults, json: boolean, terminal: Terminal): ExitCode {
  const { runs, undone, tablePath, pagePath } = results;
  if (json) terminal.json(results.json);
  else terminal.out(`${tableOf(runs)}\n`);
  for (const { run, logEnd } of undone) {
    terminal.err(`${run.status}: ${labelOf(run.entry, run.seed)}\n${logEnd.replace(/^(?=.)/gm, "  | ")}`);
  }
  const doneRuns = runs.length - undone.length;
  const last = `${doneRuns} of ${runs.length} runs done\n  table  ${tablePath}\n  page   ${pagePath}\n`;
  if (json) terminal.err(last);
  else terminal.out(last);
  return undone.length === 0 ? exitCodes.done : exitCodes.wrong;
}

function tableOf(runs: readonly RunResult[]): string {
  const rows = runs.map(({ entry, plan, seed, status, evaluation, best, validationLoss }) => {
    const overall = evaluation?.overall;
    const { trainable, total } = plan.totals;
    return [
      entry.name,
      String(seed),
      printCount(trainable),
      printShare(trainable, total),
      ...(overall === undefined
        ? ["", "", "", ""]
        : [
            printMetric(overall.meanAuroc),
            printInterval(overall.meanAuroc),
            printMetric(overall.accuracy),
            printMetric(overall.macroF1),
          ]),
      validationLoss?.toPrecision(4) ?? "",
      best === null ? "" : `${best.value.toPrecision(4)} (${best.name}, step ${best.step})`,
      status,
    ];
  });
  return renderTable(
    [
      [
        "entry",
        "seed",
        "trainable",
        "share",
        "mean AUROC",
        "95 %",
        "accuracy",
        "macro F1",
        "validation loss",
        "best",
        "",
      ],
      ...rows,
    ],
    ["left", "right", "right", "right", "right", "left", "right", "right", "right", "left", "left"],
  );
}
