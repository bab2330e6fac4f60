import { type DataSettings, defaultData } from "../../compiler/index.ts";
import { printable } from "../../grammar/index.ts";
import { checkDataset, checkVolume, type DataProblem, type DatasetCounts, type VolumeCheck } from "../data/index.ts";
import { compilePath } from "../specs/index.ts";
import { printCount, renderTable } from "../text/index.ts";
import { renderDataProblem } from "./data-problem.ts";
import { Progress } from "./progress.ts";
import { showDiagnostics } from "./show-diagnostics.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

export interface DataCheckOptions {
  /** What a spec's `data` block says, or CT-CLIP's own. */
  readonly settings: DataSettings;
  /** Classes whose labels are needed; null for those that are there, if any are. */
  readonly classes: readonly string[] | null;
  /** Reads a volume; null leaves the volumes unread. */
  readonly checkVolume: VolumeCheck | null;
  readonly json: boolean;
}

/** `medctc data check` as it is asked for: by a spec's settings, or by CT-CLIP's where none is given. */
export async function dataCheckFor(
  folder: string,
  specPath: string | null,
  { volumes, json }: { readonly volumes: boolean; readonly json: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  const compiled = specPath === null ? null : compilePath(specPath, terminal.libraryFolder);
  if (compiled !== null && !showDiagnostics(compiled, terminal)) return exitCodes.wrong;
  const classes = compiled?.spec?.evaluation.classes ?? [];
  const options: DataCheckOptions = {
    settings: compiled?.spec?.data ?? defaultData,
    classes: classes.length === 0 ? null : classes,
    checkVolume: volumes ? checkVolume : null,
    json,
  };
  return dataCheck(folder, options, terminal);
}

/** A folder that is wrong throughout need not fill a screen; as JSON all problems are listed. */
const mostShown = 100;

/** `medctc data check`: what is wrong with a data folder, file by file, then what is in it. */
export async function dataCheck(folder: string, options: DataCheckOptions, terminal: Terminal): Promise<ExitCode> {
  const progress = new Progress(terminal);
  const problems: DataProblem[] = [];
  const notes: string[] = [];
  let counts: DatasetCounts | null = null;
  for await (const finding of checkDataset(folder, options.settings, options)) {
    switch (finding.kind) {
      case "progress":
        progress.say(finding.text);
        break;
      case "note":
        notes.push(finding.note);
        break;
      case "problem":
        problems.push(finding.problem);
        if (options.json || problems.length > mostShown) break;
        progress.end();
        terminal.err(renderDataProblem(finding.problem, terminal));
        break;
      case "counts":
        counts = finding.counts;
        break;
    }
  }
  progress.end();
  if (options.json) {
    terminal.json(`${JSON.stringify({ problems, notes, counts }, null, 2)}\n`);
  } else {
    if (problems.length > mostShown) {
      terminal.err(`and ${printCount(problems.length - mostShown)} more; --json lists all\n`);
    }
    for (const note of notes) terminal.err(`note: ${printable(note)}\n`);
    if (counts !== null) terminal.out(renderCounts(counts, problems.length));
  }
  return problems.length === 0 ? exitCodes.done : exitCodes.wrong;
}

function renderCounts(counts: DatasetCounts, problems: number): string {
  const rows: readonly (readonly [string, number])[] = [
    ["volumes", counts.volumes],
    ["  to train on", counts.train],
    ["  held out", counts.valid],
    ["  in neither split", counts.neither],
    ["  with metadata", counts.metadata],
    ["  with a report", counts.reports],
    ["  with labels", counts.labels],
    ["  without a problem", counts.good],
    ["problems", problems],
  ];
  return renderTable(
    rows.map(([what, count]) => [what, printCount(count)]),
    ["left", "right"],
  );
}
