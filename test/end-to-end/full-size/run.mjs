import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { prepare, root } from "../../../runtime/setup/prepare.mjs";

/**
 * The reference spec beside CT-CLIP's own pipeline at full size: zero-shot scores, and a training of two steps with PEFT.
 * `CTCLIP_SRC=FOLDER node test/end-to-end/full-size/run.mjs PYTHON [FOLDER]`, by hand: it takes about an hour on two cores,
 * 12 GB of memory and 3 GB of disk. What FOLDER has already is not made again. PYTHON has what reference.py needs.
 */
const [, , python, given = "runs/full-size"] = process.argv;
if (python === undefined || process.env.CTCLIP_SRC === undefined) {
  process.stderr.write("usage: CTCLIP_SRC=FOLDER node test/end-to-end/full-size/run.mjs PYTHON [FOLDER]\n");
  process.exit(2);
}
const here = dirname(fileURLToPath(import.meta.url));
const spec = join(root, "specs/medct.vlm");
const [tensorflow, onnx] = ["tensorflow", "onnx"];
const pairs = 2;
const steps = 2;
/**
 * Cosines nearer than this are a tie to f32, and either codebook entry is right: a token with 6.4e-7 between its first two
 * was seen to differ between PyTorch and medctc. One such token moves scores by up to so much.
 */
const tie = 1e-6;
const movedByTie = 1e-4;
/** Norms and what training changed differ by more than losses, from ties in f32 and from rounded gradients in bf16. */
const limits = {
  scores: { f32: 1e-5, bf16: 0.02 },
  losses: { f32: 1e-4, bf16: 0.02 },
  norms: { f32: 2e-3, bf16: 0.1 },
  moved: { f32: 0.1, bf16: 0.5 },
};

let failed = 0;
const folder = resolve(given);
const path = (name) => join(folder, name);
await prepare();
mkdirSync(folder, { recursive: true });
await made("data", (into) => medctc("data", "synth", into, "--pairs", String(pairs), "--valid", "3"));
await made("first", (into) => medctc("export", spec, "--peft", into));
await made("scores.json", () => script("zero_shot.py", path("data"), folder, spec));
await made("ties.json", () => script("ties.py", path("data"), folder));
await training("f32");
await training("bf16");
await scores();
process.exitCode = failed === 0 ? 0 : 1;

/** CT-CLIP with PEFT and medctc, from the same adapter on the same batch. */
async function training(precision) {
  const theirs = `pytorch-${precision}`;
  await made(`${theirs}/steps.json`, () =>
    script("train.py", path("data"), folder, path("first"), precision, String(steps)),
  );
  const ours = await measured(`train-${precision}`, (into) => [
    ...["train", trainingFor(precision), ...common(tensorflow), "--adapter", path("first")],
    ...["--steps", String(steps), "-o", into],
  ]);
  const peft = `peft-${precision}`;
  await made(peft, (into) => medctc("export", specFor(precision), "--peft", into, "--adapter", path(ours.name)));
  const expected = readJson(join(theirs, "steps.json"));
  const lines = readFileSync(path(`${ours.name}/metrics.jsonl`), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const moved = JSON.parse(await script("adapters.py", path("first"), path(theirs), path(peft)));

  print(``, `Training, ${precision}, ${pairs} rows a step`, ``);
  print(
    "| step | CT-CLIP's loss | medctc's | difference | CT-CLIP's norm | medctc's | difference |",
    "|---|---|---|---|---|---|---|",
  );
  for (const [step, { loss, gradient_norm: norm }] of lines.entries()) {
    const [theirLoss, theirNorm] = [expected.losses[step], expected.norms[step]];
    const cells = [step + 1, theirLoss, loss, share(loss, theirLoss), theirNorm, norm, share(norm, theirNorm)];
    print(`| ${cells.join(" | ")} |`);
    judge(Math.abs(loss / theirLoss - 1) <= limits.losses[precision], `the loss of step ${step + 1} in ${precision}`);
    judge(Math.abs(norm / theirNorm - 1) <= limits.norms[precision], `the norm of step ${step + 1} in ${precision}`);
  }
  for (const [part, { relative, largest }] of Object.entries(moved)) {
    print(`${part}: ${relative.toExponential(1)} of what training changed, ${largest.toExponential(1)} at most`);
    judge(relative <= limits.moved[precision], `${part} after ${steps} steps in ${precision}`);
  }
  print(
    `nearest codebook entries of the first step: ${expected.margins[0].map((each) => each.toExponential(1)).join(", ")}`,
  );
  print(`PyTorch ${expected.seconds.map((each) => each.toFixed(0)).join(" and ")} s, ${gigabytes(expected.peakBytes)}`);
  print(`medctc  ${lines.map(({ seconds }) => seconds.toFixed(0)).join(" and ")} s, ${gigabytes(ours.peakBytes)}`);
  judge(lines.length === steps && expected.losses.length === steps, `${steps} steps in ${precision}`);
}

/** Zero-shot scores beside CT-CLIP's, and those after the training of two steps. */
async function scores() {
  const { classes, scores: expected } = readJson("scores.json");
  const ties = readJson("ties.json");
  print(``, `Zero-shot, ${Object.keys(expected).length} volumes and ${classes.length} classes`, ``);
  const all = Object.values(expected).flat();
  print(`CT-CLIP's scores spread over ${(Math.max(...all) - Math.min(...all)).toFixed(4)}.`, ``);
  print("| | volume | largest difference | seconds | peak |", "|---|---|---|---|---|");
  for (const precision of ["f32", "bf16"]) {
    for (const backend of [tensorflow, onnx]) {
      const run = await measured(`eval-${precision}-${backend}`, (into) => [
        ...["eval", specFor(precision), ...common(backend), "-o", into],
      ]);
      const found = readScores(run.name);
      judge(found.size === Object.keys(expected).length, `${run.name} scores all volumes`);
      for (const [volume, values] of found) {
        const apart = difference(values, expected[volume], precision);
        const tied = ties[volume].filter((margin) => margin < tie).length;
        const note = precision === "f32" && apart > limits.scores.f32 ? ` (tokens at a tie: ${tied})` : "";
        const cells = [`${backend} ${precision}`, volume, `${apart.toExponential(1)}${note}`];
        print(`| ${[...cells, run.seconds.toFixed(0), gigabytes(run.peakBytes)].join(" | ")} |`);
        const limit = limits.scores[precision] + (precision === "f32" ? tied * movedByTie : 0);
        judge(apart <= limit, `scores of ${volume} by ${backend} in ${precision}`);
      }
    }
  }
  const [before, after] = [0, steps].map((step) => readEvaluation("train-bf16", step));
  const largest = Math.max(...[...after].map(([volume, values]) => difference(values, before.get(volume), "f32")));
  print(``, `Two steps in bf16 move the scores by up to ${largest.toExponential(1)}`);
  judge(largest > 0, "a training moves scores");
}

/** In bf16 as a share, in f32 as it is. */
function difference(values, expected, precision) {
  if (values.length !== expected?.length) return Number.NaN;
  return Math.max(
    ...values.map((value, index) => Math.abs(value - expected[index]) / (precision === "f32" ? 1 : expected[index])),
  );
}

function common(backend) {
  return ["--data", path("data"), "--weights", path("ct.pt"), "--cache", path("cache"), "--backend", backend];
}

/** In f32 a training without evaluations, which take longer than its steps. */
function trainingFor(precision) {
  const whole = specFor(precision);
  if (precision === "bf16") return whole;
  const text = readFileSync(whole, "utf8");
  const file = path(`medct-${precision}-training.vlm`);
  writeFileSync(file, text.slice(0, text.indexOf("\neval {")));
  return file;
}

/** The reference spec with all pairs as one batch, since their order then does not matter, and a rate that stays. */
function specFor(precision) {
  const changes = [
    ["  schedule = cosine(warmup = 100)\n", ""],
    ["batch = 8", `batch = ${pairs}`],
    ['precision = "bf16"', `precision = "${precision}"`],
  ];
  const text = changes.reduce(
    (left, [from, to]) => {
      if (!left.includes(from)) throw new Error(`the spec has no ${from}`);
      return left.replace(from, to);
    },
    readFileSync(spec, "utf8"),
  );
  const file = path(`medct-${precision}.vlm`);
  writeFileSync(file, text);
  return file;
}

function readScores(name) {
  const [, ...rows] = readFileSync(path(`${name}/scores.csv`), "utf8")
    .trim()
    .split("\n");
  return new Map(
    rows.map((row) => {
      const [volume, ...values] = row.split(",");
      return [volume.replace(".nii.gz", ""), values.map(Number)];
    }),
  );
}

/** The scores that a training gave held-out volumes at a step. */
function readEvaluation(name, step) {
  const { volumes } = readJson(`${name}/evaluations/step-${String(step).padStart(8, "0")}.json`);
  return new Map(volumes.map((volume) => [volume.name, volume.scores]));
}

/** Makes a part of FOLDER that is not there yet. */
async function made(name, make) {
  if (!existsSync(path(name))) await make(path(name));
}

/** Runs medctc into a part of FOLDER that is not there yet, and gives its seconds and its peak of resident memory. */
async function measured(name, words) {
  const record = path(`${name}.json`);
  if (!existsSync(record)) {
    rmSync(path(name), { recursive: true, force: true });
    const { seconds, peakBytes } = await medctc(...words(path(name)));
    writeFileSync(`${record}.part`, JSON.stringify({ name, seconds, peakBytes }));
    renameSync(`${record}.part`, record);
  }
  return readJson(`${name}.json`);
}

async function script(name, ...words) {
  return (await run(python, [join(here, name), ...words])).stdout;
}

function medctc(...words) {
  return run(process.execPath, [join(root, "dist/medctc.js"), ...words]);
}

function run(command, words) {
  process.stderr.write(`${new Date().toISOString()} ${[command, ...words].join(" ")}\n`);
  const start = Date.now();
  const child = spawn(command, words, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  let peakBytes = 0;
  const watch = setInterval(() => {
    peakBytes = Math.max(peakBytes, highWater(child.pid));
  }, 200);
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code) => {
      clearInterval(watch);
      if (code === 0) done({ stdout, seconds: (Date.now() - start) / 1000, peakBytes });
      else fail(new Error(`${command} ${words.join(" ")} ended with ${code}`));
    });
  });
}

/** The largest resident size so far of a process and of those that it started, each by itself; 0 once they have ended. */
function highWater(pid) {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    const started = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    // `medctc train` watches the process that trains.
    const others = started === "" ? [] : started.split(" ").map(highWater);
    return Math.max(Number(kilobytes ?? 0) * 1024, ...others);
  } catch {
    return 0;
  }
}

function share(value, expected) {
  return (value / expected - 1).toExponential(1);
}

function gigabytes(bytes) {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

function readJson(name) {
  return JSON.parse(readFileSync(path(name), "utf8"));
}

function judge(holds, text) {
  if (holds) return;
  print(`FAILED  ${text}`);
  failed++;
}

function print(...lines) {
  process.stdout.write(`${lines.join("\n")}\n`);
}
