import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { at } from "../../runtime/at.ts";
import { medctc } from "../command.ts";
import { print } from "../print.ts";
import { endWithUsage, isSize, machineLine, pythonBeside, sizes } from "./ctclip.ts";
import { type Contender, pytorchLosses, pytorchSteps } from "./pytorch-step.ts";
import { cellsOf, takeTurns } from "./turns.ts";

/**
 * Training steps of the package that `medctc compile --target pytorch` writes beside CT-CLIP's own code with PEFT and beside an
 * expert's PyTorch: `CTCLIP_SRC=FOLDER node test/run.mjs test/bench/package.ts [small|middle|full] [f32|bf16] [BATCH] [ROUNDS]`,
 * where CTCLIP_SRC names a checkout of CT-CLIP. They take turns: in each round every one has a process of its own, with a warm-up
 * and two steps.
 */
const usage = "test/bench/package.ts [small|middle|full] [f32|bf16] [BATCH] [ROUNDS]";
const steps = 2;
const contenders: readonly Contender[] = ["peft", "expert", "package"];

const [, , size = "full", precision = "f32", batch = "1", rounds = "3"] = process.argv;
if (!isSize(size)) endWithUsage(usage);
const python = pythonBeside(usage);
const { spec, model } = sizes[size];
const folder = mkdtempSync(join(tmpdir(), "medctc-package-"));
try {
  medctc("compile", spec, "--set", `train.precision=${JSON.stringify(precision)}`, "--target", "pytorch", "-o", folder);
  const losses = pytorchLosses(python, model, folder);
  const apart = Math.abs(losses.package - losses.peft) / Math.abs(losses.peft);
  print(
    `${machineLine()}; ${spec}, ${precision}, batch ${batch}`,
    `loss on the same weights: PEFT ${losses.peft}, package ${losses.package} (${apart.toExponential(1)} apart)`,
  );
  const found = await takeTurns(contenders, Number(rounds), (contender) =>
    pytorchSteps(python, { contender, size: model, precision, batch: Number(batch), steps, folder }),
  );
  print(
    "",
    "| | s a step | fastest | peak GB | time / PEFT | memory / PEFT | time / expert | memory / expert |",
    `|${"---|".repeat(8)}`,
  );
  const others = [at(found, 0), at(found, 1)];
  for (const each of found) print(`| ${[each.name, ...cellsOf(each, others)].join(" | ")} |`);
} finally {
  rmSync(folder, { recursive: true });
}
