import { mostVolumes, type Planted, planted, type Split, splits, writeDataset } from "../data/synth/index.ts";
import { renderTable } from "../text/index.ts";
import { refuseWriting } from "./fail.ts";
import { Progress } from "./progress.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

export interface DataSynthOptions {
  /** Volumes with reports to train on. */
  readonly pairs: number;
  /** Volumes with reports that are held out; null for a third of the pairs, and at least 24. */
  readonly valid: number | null;
  readonly seed: number;
}

/** `medctc data synth`: a small data set in CT-RATE's layout, to try a spec on. */
export function dataSynth(folder: string, options: DataSynthOptions, terminal: Terminal): ExitCode {
  const start = performance.now();
  const { pairs, seed } = options;
  const valid = options.valid ?? Math.max(24, Math.ceil(pairs / 3));
  const size = `${pairs} volumes with reports to train on and ${valid} held out`;
  if (Math.max(pairs, valid) > mostVolumes) {
    terminal.err(`error: ${Math.max(pairs, valid)} volumes are too many\n  help: at most ${mostVolumes} can be made\n`);
    return exitCodes.usage;
  }
  const progress = new Progress(terminal);
  try {
    const written = writeDataset(folder, { pairs, valid, seed }, (volume, of) =>
      progress.say(`volume ${volume} of ${of}`),
    );
    progress.end();
    switch (written.kind) {
      case "foreign":
        terminal.err(
          `error: ${folder} is not empty, and \`medctc data synth\` did not make what is in it\n` +
            "  help: name a folder that is empty or not there yet\n",
        );
        return exitCodes.wrong;
      case "there":
        terminal.out(`${size} are in ${folder} already, of seed ${seed}\n`);
        return exitCodes.done;
      case "written": {
        const megabytes = (written.bytes / 1e6).toFixed(1);
        const seconds = ((performance.now() - start) / 1000).toFixed(1);
        const count = (split: Split, name: Planted) =>
          String(written.patients[split].filter(({ findings }) => findings.present.has(name)).length);
        const rows = planted.map((name) => [`  ${name}`, ...splits.map((split) => count(split, name))]);
        terminal.out(
          `${size} in ${folder}: ${megabytes} MB, ${seconds} s\n` +
            renderTable([["  planted", ...splits], ...rows], ["left", "right", "right"]),
        );
        return exitCodes.done;
      }
    }
  } catch (error) {
    progress.end();
    return refuseWriting(error, folder, terminal);
  }
}
