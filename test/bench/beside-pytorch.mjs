import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { prepare, root } from "../../runtime/setup/prepare.mjs";

/**
 * Training steps of the reference spec beside PyTorch with PEFT, one after the other on the same machine: `node
 * test/bench/beside-pytorch.mjs PYTHON [f32|bf16 ...]`, where PYTHON has what test/bench/pytorch/full_size.py needs and
 * CTCLIP_SRC names a checkout of CT-CLIP. Prints a table as README.md has it. Takes some minutes for each precision.
 */
const [, , python, ...asked] = process.argv;
if (python === undefined || process.env.CTCLIP_SRC === undefined) {
  process.stderr.write("usage: CTCLIP_SRC=FOLDER node test/bench/beside-pytorch.mjs PYTHON [f32|bf16 ...]\n");
  process.exit(2);
}
await prepare();
const steps = 3;
print("| | s a step | peak GB | of PyTorch's time | of its memory |", "|---|---|---|---|---|");
for (const precision of asked.length > 0 ? asked : ["f32", "bf16"]) {
  const theirs = pytorch(precision);
  row(`PyTorch ${precision}`, theirs, theirs);
  for (const recompute of ["none", "layers"]) {
    const again = recompute === "layers" ? ", layers recomputed" : "";
    row(`medctc ${precision}${again}`, medctc(precision, recompute), theirs);
  }
}

/** The first step of each is a warm-up, and what it says is the median of the others. */
function pytorch(precision) {
  const script = join(root, "test/bench/pytorch/full_size.py");
  const { seconds, peakBytes } = run(python, [script, precision, "1", String(steps + 1)]);
  return { seconds: median(seconds.slice(1)), peakBytes };
}

function medctc(precision, recompute) {
  const settings = ["--batch", "1", "--precision", precision, "--recompute", recompute];
  const args = [
    "bench",
    join(root, "specs/medct.vlm"),
    ...settings,
    "--steps",
    String(steps),
    "--warmup",
    "0",
    "--json",
  ];
  const { steps: times, memory } = run(process.execPath, [join(root, "dist/medctc.js"), ...args]);
  return { seconds: times.medianMs / 1000, peakBytes: memory.peakBytes };
}

function run(command, args) {
  const { status, stdout } = spawnSync(command, args, { stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}`);
  return JSON.parse(stdout);
}

function row(name, { seconds, peakBytes }, theirs) {
  const time = (seconds / theirs.seconds).toFixed(2);
  const memory = (peakBytes / theirs.peakBytes).toFixed(2);
  print(`| ${name} | ${seconds.toFixed(1)} | ${(peakBytes / 1e9).toFixed(1)} | ${time} | ${memory} |`);
}

function print(...lines) {
  process.stdout.write(`${lines.join("\n")}\n`);
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}
