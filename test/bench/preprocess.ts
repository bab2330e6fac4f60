import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as v from "valibot";
import { spreadOf } from "../../runtime/bench/index.ts";
import { bundle } from "../bundle.ts";
import { outputOf } from "../command.ts";
import { print } from "../print.ts";
import { turnsOf } from "./turns.ts";

/**
 * Reading and preprocessing one 512 x 512 x 300 volume, beside nibabel and PyTorch where they are named: `node test/run.mjs
 * test/bench/preprocess.ts [PYTHON]`, where PYTHON has torch, nibabel, pandas and tqdm and CTCLIP_SRC names a checkout of
 * CT-CLIP. Both take turns on the same machine; a row has the median of its rounds, the first of each process left out.
 */
const [, , python] = process.argv;
const turns = turnsOf(3);
const rounds = 3;
const reading = v.object({ seconds: v.array(v.number()), peakBytes: v.number(), mean: v.number() });
type Reading = v.InferOutput<typeof reading>;

interface Summary {
  readonly seconds: number;
  readonly peakBytes: number;
  readonly mean: number;
}

if (python !== undefined && process.env["CTCLIP_SRC"] === undefined) {
  process.stderr.write("usage: CTCLIP_SRC=FOLDER node test/run.mjs test/bench/preprocess.ts PYTHON\n");
  process.exit(2);
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

/** A cylinder of water in air with noise, as a NIfTI-1 file. */
function niftiVolume(x: number, y: number, z: number): Buffer {
  const file = Buffer.alloc(352 + 2 * x * y * z);
  file.writeInt32LE(348, 0);
  for (const [axis, size] of [3, x, y, z].entries()) file.writeInt16LE(size, 40 + 2 * axis);
  file.writeInt16LE(4, 70);
  file.writeInt16LE(16, 72);
  for (const [axis, size] of [1, 0.7, 0.7, 1].entries()) file.writeFloatLE(size, 76 + 4 * axis);
  file.writeFloatLE(352, 108);
  file.writeFloatLE(1, 112);
  file.write("n+1\0", 344, "latin1");
  const voxels = new Int16Array(file.buffer, file.byteOffset + 352, x * y * z);
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  for (let index = 0; index < voxels.length; index++) {
    const inside = ((index % x) - x / 2) ** 2 + ((Math.floor(index / x) % y) - y / 2) ** 2 < (0.39 * x) ** 2;
    // Three uniform numbers are nearly a bell curve; this one is 30 units wide.
    voxels[index] = (inside ? 0 : -1000) + 60 * (uniform() + uniform() + uniform() - 1.5);
  }
  return file;
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
