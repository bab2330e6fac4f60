import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import * as v from "valibot";
import { at } from "../../runtime/at.ts";
import { spreadOf } from "../../runtime/bench/index.ts";
import { readRecord } from "../../runtime/train/index.ts";
import { medctc, outputOf, program } from "../command.ts";
import { runMeasured } from "../end-to-end/full-size/measured-command.ts";
import { readSteps } from "../end-to-end/run-files.ts";
import { print } from "../print.ts";
import { endWithUsage, isSize, machineLine, pythonBeside, sizes } from "./ctclip.ts";
import { niftiVolume } from "./nifti-volume.ts";
import { type Turn, takeTurns } from "./turns.ts";

/**
 * A training from its start to its last evaluation, beside the same in PyTorch, by CT-CLIP's own model, data sets and preprocessing
 * with PEFT and DataLoader, and with an expert's model: `CTCLIP_SRC=FOLDER node test/run.mjs test/bench/whole-run.ts [small|full]
 * [f32|bf16] [VOLUMES] [ROUNDS]`, where CTCLIP_SRC names a checkout of CT-CLIP. One volume a step, and two held-out volumes that are
 * evaluated before and after. medctc trains twice, without a cache and with one that has the volumes. At full size volumes have
 * 512 x 512 x 300 voxels, and a round takes about half an hour, 12 GB of memory and 8 GB of disk.
 */
const usage = "test/bench/whole-run.ts [small|full] [f32|bf16] [VOLUMES] [ROUNDS]";
const heldOut = 2;
const contenders = ["own", "expert", "medctc", "cached"] as const;
type Contender = (typeof contenders)[number];
const titles: Readonly<Record<Contender, string>> = {
  own: "CT-CLIP's own code",
  expert: "an expert's PyTorch",
  medctc: "medctc",
  cached: "medctc, volumes cached",
};

/** What a run spent its seconds on. */
interface RunTurn extends Turn {
  readonly starting: number;
  readonly waiting: number;
  readonly evaluating: number;
  readonly saving: number;
  /** From the start of the process to its end. */
  readonly whole: number;
}

const spentByPython = v.object({
  starting: v.number(),
  steps: v.array(v.number()),
  waiting: v.number(),
  evaluating: v.number(),
  saving: v.number(),
  volumes: v.literal(heldOut),
  seconds: v.number(),
  peakBytes: v.number(),
});

const [, , size = "full", precision = "f32", volumes = "8", rounds = "1"] = process.argv;
if (!isSize(size) || size === "middle" || !["f32", "bf16"].includes(precision)) endWithUsage(usage);
const python = pythonBeside(usage);
const { spec, model } = sizes[size];
const folder = mkdtempSync(join(tmpdir(), "medctc-whole-run-"));
const data = join(folder, "data");
let turn = 0;
try {
  writeData(size === "full");
  const found = await takeTurns(
    contenders,
    Number(rounds),
    (name) => (name === "own" || name === "expert" ? theirs(name) : ours(name)),
    (name) => titles[name],
  );
  print(
    `${machineLine()}; ${spec}, ${precision}, batch 1, ${volumes} steps, ${heldOut} held-out volumes evaluated twice`,
    "",
    "| | whole run, s | of CT-CLIP's | of the expert's | first step done | s a step | waiting for data | evaluation | saving | peak GB |",
    `|${"---|".repeat(10)}`,
  );
  const middle = (name: number, part: (turn: RunTurn) => number): number =>
    spreadOf(at(found, name).turns.map(part)).medianMs;
  for (const [place, { name, seconds, peakBytes }] of found.entries()) {
    const whole = middle(place, (each) => each.whole);
    const others = [0, 1].map((other) => whole / middle(other, (each) => each.whole));
    const cells = [
      // An evaluation that comes before it is no part of it.
      middle(place, (each) => each.starting + at(each.seconds, 0)),
      seconds,
      middle(place, ({ waiting }) => waiting),
      middle(place, ({ evaluating }) => evaluating),
      middle(place, ({ saving }) => saving),
    ].map((each) => each.toPrecision(3));
    const ratios = others.map((each) => each.toFixed(2));
    print(`| ${[titles[name], whole.toPrecision(3), ...ratios, ...cells, (peakBytes / 1e9).toFixed(1)].join(" | ")} |`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** CT-CLIP's own data set leaves a fifth of its volumes out, so there are more than steps. */
function writeData(isLarge: boolean): void {
  const pairs = Math.ceil(Number(volumes) / 0.8);
  medctc("data", "synth", data, "--pairs", String(pairs), "--valid", String(heldOut));
  if (!isLarge) return;
  const volume = join(folder, "volume.nii.gz");
  writeFileSync(volume, gzipSync(niftiVolume(512, 512, 300), { level: 6 }));
  for (const split of ["train", "valid"]) {
    const found = readdirSync(join(data, split), { recursive: true, encoding: "utf8" });
    for (const name of found) if (name.endsWith(".nii.gz")) copyFileSync(volume, join(data, split, name));
  }
  const placed: Readonly<Record<string, string>> = {
    RescaleSlope: "1",
    RescaleIntercept: "0",
    XYSpacing: "[0.7, 0.7]",
    ZSpacing: "1.0",
  };
  for (const table of ["train", "validation"]) {
    const path = join(data, `${table}_metadata.csv`);
    const rows = v.parse(v.array(v.record(v.string(), v.string())), parse(readFileSync(path), { columns: true }));
    const names = Object.keys(at(rows, 0));
    const lines = [names, ...rows.map((row) => names.map((name) => placed[name] ?? row[name] ?? ""))];
    writeFileSync(path, lines.map((cells) => cells.map((cell) => `"${cell}"`).join(",")).join("\n"));
  }
}

function theirs(name: "own" | "expert"): RunTurn {
  const out = join(folder, `${name}-${turn++}`);
  mkdirSync(out);
  const words = ["test/bench/pytorch/train.py", name, model, data, precision, volumes, out, String(Date.now() / 1000)];
  const line = outputOf(python, words).trim().split("\n").at(-1) ?? "";
  const { steps, seconds: whole, ...parts } = v.parse(spentByPython, JSON.parse(line));
  return { ...parts, seconds: steps, whole };
}

async function ours(name: "medctc" | "cached"): Promise<RunTurn> {
  const out = join(folder, `${name}-${turn++}`);
  const settings = ["train.batch=1", `train.precision=${JSON.stringify(precision)}`].flatMap((each) => ["--set", each]);
  // The run before filled it.
  const cache = ["--cache", join(folder, "cache")];
  if (name === "medctc") rmSync(join(folder, "cache"), { recursive: true, force: true });
  const words = ["train", spec, ...settings, "--data", data, ...cache, "--steps", volumes, "-o", out];
  const { seconds: whole, peakBytes } = await runMeasured(process.execPath, [program, ...words]);
  const times = readRecord(out)?.times;
  if (times === null || times === undefined) throw new Error(`${out} has no times`);
  const { starting, waiting, evaluating, saving } = times;
  return {
    seconds: readSteps(out).map(({ seconds }) => seconds),
    starting,
    waiting,
    evaluating,
    saving,
    whole,
    peakBytes,
  };
}
