import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { spreadOf } from "../../runtime/bench/index.ts";
import { medctc } from "../command.ts";
import { print } from "../print.ts";
import { type Contender, type PytorchSteps, pytorchLosses, pytorchSteps } from "./pytorch-step.ts";

/**
 * Training steps of the package that `medctc compile --target pytorch` writes beside CT-CLIP's own code with PEFT and beside an
 * expert's PyTorch: `CTCLIP_SRC=FOLDER node test/run.mjs test/bench/package.ts PYTHON [small|middle|full] [f32|bf16] [BATCH] [ROUNDS]`,
 * where PYTHON has what test/bench/pytorch/ctclip.py needs and CTCLIP_SRC names a checkout of CT-CLIP. They take turns: in each
 * round every one has a process of its own, with a warm-up and two steps, so that a machine that slows down slows all of them.
 */
const sizes = {
  small: { spec: "specs/medct-small.vlm", model: "medct_small" },
  middle: { spec: "test/bench/middle.vlm", model: "medct_middle" },
  full: { spec: "specs/medct.vlm", model: "medct" },
} as const;
const stepsOfTurn = 2;

const [, , python, size = "full", precision = "f32", batch = "1", rounds = "3"] = process.argv;
if (python === undefined || process.env["CTCLIP_SRC"] === undefined || !isSize(size)) {
  const usage =
    "CTCLIP_SRC=FOLDER node test/run.mjs test/bench/package.ts PYTHON [small|middle|full] [f32|bf16] [BATCH] [ROUNDS]";
  process.stderr.write(`usage: ${usage}\n`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "medctc-package-"));
try {
  compare(python, sizes[size]);
} finally {
  rmSync(folder, { recursive: true });
}

function isSize(word: string): word is keyof typeof sizes {
  return Object.keys(sizes).includes(word);
}

function compare(interpreter: string, { spec, model }: (typeof sizes)[keyof typeof sizes]): void {
  medctc("compile", spec, "--set", `train.precision=${JSON.stringify(precision)}`, "--target", "pytorch", "-o", folder);
  const losses = pytorchLosses(interpreter, model, folder);
  const apart = Math.abs(losses.package - losses.peft) / Math.abs(losses.peft);
  print(
    `${cpus()[0]?.model ?? "unknown processor"}, ${availableParallelism()} threads; ${spec}, ${precision}, batch ${batch}`,
    `loss on the same weights: PEFT ${losses.peft}, package ${losses.package} (${apart.toExponential(1)} apart)`,
  );
  const contenders: readonly Contender[] = ["peft", "expert", "package"];
  const turns = new Map<Contender, PytorchSteps[]>(contenders.map((each) => [each, []]));
  for (let round = 0; round < Number(rounds); round++) {
    for (const contender of contenders) {
      const wish = { contender, size: model, precision, batch: Number(batch), steps: stepsOfTurn, folder };
      const turn = pytorchSteps(interpreter, wish);
      turns.get(contender)?.push(turn);
      process.stderr.write(
        `round ${round + 1}, ${contender}: ${turn.seconds.map((each) => each.toFixed(2)).join(" and ")} s\n`,
      );
    }
  }
  const measured = contenders.map((name) => {
    const all = turns.get(name) ?? [];
    const spread = spreadOf(all.flatMap(({ seconds }) => seconds.map((each) => 1000 * each)));
    return { name, ...spread, peakBytes: Math.max(...all.map(({ peakBytes }) => peakBytes)) };
  });
  print(
    "",
    "| | s a step | fastest | peak GB | time / PEFT | memory / PEFT | time / expert |",
    "|---|---|---|---|---|---|---|",
  );
  const [peft, expert] = measured;
  for (const { name, medianMs, minMs, peakBytes } of measured) {
    const ratios = [
      medianMs / (peft?.medianMs ?? 1),
      peakBytes / (peft?.peakBytes ?? 1),
      medianMs / (expert?.medianMs ?? 1),
    ];
    const cells = [(medianMs / 1000).toFixed(2), (minMs / 1000).toFixed(2), (peakBytes / 1e9).toFixed(1)];
    print(`| ${[name, ...cells, ...ratios.map((each) => each.toFixed(2))].join(" | ")} |`);
  }
}
