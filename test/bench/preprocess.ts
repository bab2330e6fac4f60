import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as v from "valibot";
import { spreadOf } from "../../runtime/bench/index.ts";
import { bundle } from "../bundle.ts";
import { outputOf } from "../command.ts";
import { print } from "../print.ts";
import { pythonWithCtclip } from "../python/environment.ts";
import { niftiVolume } from "./nifti-volume.ts";
import { turnsOf } from "./turns.ts";

/**
 * Reading and preprocessing one 512 x 512 x 300 volume, beside nibabel and PyTorch where CTCLIP_SRC names a checkout of CT-CLIP:
 * `[CTCLIP_SRC=FOLDER] node test/run.mjs test/bench/preprocess.ts`. Both take turns on the same machine; a row has the median of its rounds, the first of each process left out.
 */
const python = process.env["CTCLIP_SRC"] === undefined ? undefined : pythonWithCtclip();
const turns = turnsOf(3);
const rounds = 3;
const reading = v.object({ seconds: v.array(v.number()), peakBytes: v.number(), mean: v.number() });
type Reading = v.InferOutput<typeof reading>;

interface Summary {
  readonly seconds: number;
  readonly peakBytes: number;
  readonly mean: number;
}

const folder = mkdtempSync(join(tmpdir(), "medctc-preprocess-"));
try {
  const volume = join(folder, "volume.nii.gz");
  writeFileSync(volume, gzipSync(niftiVolume(512, 512, 300), { level: 1 }));
  const script = join(folder, "preprocess.mjs");
  await bundle("test/bench/preprocess-volume.ts", script);
  const cache = join(folder, "cache");
  mkdirSync(cache);
  const ours: Reading[] = [];
  const cached: Reading[] = [];
  const theirs: Reading[] = [];
  for (let turn = 0; turn < turns; turn++) {
    ours.push(read(process.execPath, script, volume, String(rounds)));
    cached.push(read(process.execPath, script, volume, String(rounds), cache));
    if (python !== undefined) theirs.push(read(python, "test/bench/pytorch/preprocess.py", volume, String(rounds)));
  }
  const base = theirs.length > 0 ? summaryOf(theirs) : null;
  print(
    "| 512 x 512 x 300, int16, gzip | s | peak MB | of their time | of their memory | mean |",
    "|---|---|---|---|---|---|",
  );
  if (base !== null) row("nibabel and PyTorch", base, base);
  row("medctc", summaryOf(ours), base);
  row("medctc, from its cache", summaryOf(cached), base);
} finally {
  rmSync(folder, { recursive: true });
}

function read(command: string, ...words: readonly string[]): Reading {
  return v.parse(reading, JSON.parse(outputOf(command, words, { stderr: "inherit" })));
}

function summaryOf(readings: readonly Reading[]): Summary {
  const { medianMs } = spreadOf(readings.flatMap(({ seconds }) => seconds.slice(1).map((each) => 1000 * each)));
  return {
    seconds: medianMs / 1000,
    peakBytes: Math.max(...readings.map(({ peakBytes }) => peakBytes)),
    mean: readings[0]?.mean ?? Number.NaN,
  };
}

function row(name: string, { seconds, peakBytes, mean }: Summary, base: Summary | null): void {
  const time = base === null ? "" : (seconds / base.seconds).toFixed(2);
  const memory = base === null ? "" : (peakBytes / base.peakBytes).toFixed(2);
  const cells = [name, seconds.toFixed(2), (peakBytes / 1e6).toFixed(0), time, memory, mean.toFixed(6)];
  print(`| ${cells.join(" | ")} |`);
}
