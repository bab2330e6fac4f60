import { spreadOf } from "../../runtime/bench/index.ts";
import { print } from "../print.ts";
import { benchedStep } from "./bench-step.ts";
import { pytorchSteps } from "./pytorch-step.ts";

/**
 * Training steps of the reference spec beside PyTorch with PEFT, one after the other on the same machine: `node test/run.mjs
 * test/bench/beside-pytorch.ts PYTHON [f32|bf16 ...]`, where PYTHON has what test/bench/pytorch/ctclip.py needs and
 * CTCLIP_SRC names a checkout of CT-CLIP. Prints a table as README.md has it. Takes some minutes for each precision.
 */
const [, , python, ...asked] = process.argv;
const steps = 3;

interface Measured {
  readonly seconds: number;
  readonly peakBytes: number;
}

if (python === undefined || process.env["CTCLIP_SRC"] === undefined) {
  const usage = "CTCLIP_SRC=FOLDER node test/run.mjs test/bench/beside-pytorch.ts PYTHON [f32|bf16 ...]";
  process.stderr.write(`usage: ${usage}\n`);
  process.exit(2);
}
print("| | s a step | peak GB | of PyTorch's time | of its memory |", "|---|---|---|---|---|");
for (const precision of asked.length > 0 ? asked : ["f32", "bf16"]) {
  const theirs = pytorch(python, precision);
  row(`PyTorch ${precision}`, theirs, theirs);
  for (const recompute of ["none", "layers"]) {
    const again = recompute === "layers" ? ", layers recomputed" : "";
    row(`medctc ${precision}${again}`, ours(precision, recompute), theirs);
  }
}

/** The first step of each is a warm-up, and what it says is the median of the others. */
function pytorch(interpreter: string, precision: string): Measured {
  const { seconds, peakBytes } = pytorchSteps(interpreter, {
    contender: "peft",
    size: "medct",
    precision,
    batch: 1,
    steps,
  });
  const { medianMs } = spreadOf(seconds.map((each) => 1000 * each));
  return { seconds: medianMs / 1000, peakBytes };
}

function ours(precision: string, recompute: string): Measured {
  const settings = ["--batch", "1", "--precision", precision, "--recompute", recompute];
  const found = benchedStep("specs/medct.vlm", ...settings, "--steps", String(steps), "--warmup", "0");
  return { seconds: found.steps.medianMs / 1000, peakBytes: found.memory.peakBytes };
}

function row(name: string, { seconds, peakBytes }: Measured, theirs: Measured): void {
  const time = (seconds / theirs.seconds).toFixed(2);
  const memory = (peakBytes / theirs.peakBytes).toFixed(2);
  print(`| ${name} | ${seconds.toFixed(1)} | ${(peakBytes / 1e9).toFixed(1)} | ${time} | ${memory} |`);
}
