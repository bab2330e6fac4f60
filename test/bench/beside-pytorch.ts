import { printFlops } from "../../compiler/index.ts";
import { at } from "../../runtime/at.ts";
import { spreadOf } from "../../runtime/bench/index.ts";
import { print } from "../print.ts";
import { benchedStep } from "./bench-step.ts";
import { endWithUsage, isSize, machineLine, pythonBeside, sizes } from "./ctclip.ts";
import { pytorchSteps } from "./pytorch-step.ts";
import { cellsOf, type Turn, takeTurns } from "./turns.ts";

/**
 * Training steps beside CT-CLIP's own code with PEFT and beside an expert's PyTorch (fused attention, the position bias computed
 * once): `CTCLIP_SRC=FOLDER node test/run.mjs test/bench/beside-pytorch.ts [small|middle|full] [f32|bf16|both] [BATCH] [ROUNDS]`,
 * where CTCLIP_SRC names a checkout of CT-CLIP. They take turns: in each round every one has a process of its own, with a warm-up
 * and two steps. At full size a round takes some minutes for each precision, and 12 GB of memory.
 */
const usage = "test/bench/beside-pytorch.ts [small|middle|full] [f32|bf16|both] [BATCH] [ROUNDS]";
const stepsOfTurn = 2;
const contenders = ["peft", "expert", "medctc", "medctc, half the memory", "medctc, recompute"] as const;
type Contender = (typeof contenders)[number];
const titles: Readonly<Record<Contender, string>> = {
  peft: "CT-CLIP's own code",
  expert: "an expert's PyTorch",
  medctc: "medctc",
  "medctc, half the memory": "medctc in half the expert's memory",
  "medctc, recompute": "medctc, recompute",
};

interface StepTurn extends Turn {
  /** Of one step, and what the machine does in a second of matrix products alone; null where it was not measured. */
  readonly work: { readonly flops: number; readonly flopsPerSecond: number } | null;
}

const [, , size = "full", precision = "both", batch = "1", rounds = "3"] = process.argv;
if (!isSize(size) || !["f32", "bf16", "both"].includes(precision)) endWithUsage(usage);
const python = pythonBeside(usage);
const { spec, model } = sizes[size];
print(`${machineLine()}; ${spec}, batch ${batch}, ${rounds} rounds of ${stepsOfTurn} steps`);
for (const each of precision === "both" ? ["f32", "bf16"] : [precision]) await compare(each);

async function compare(type: string): Promise<void> {
  let expertBytes = Number.NaN;
  const turnOf = (name: Contender): StepTurn => {
    if (name === "peft" || name === "expert") {
      const found = theirs(name, type);
      if (name === "expert") expertBytes = found.peakBytes;
      return found;
    }
    return ours(type, settingsOf(name, expertBytes / 2));
  };
  const found = await takeTurns(
    // In half of what PyTorch takes for a smaller model TensorFlow itself would have no room.
    contenders.filter((name) => size === "full" || name !== "medctc, half the memory"),
    Number(rounds),
    turnOf,
    (name) => `${titles[name]}, ${type}`,
  );
  const others = [at(found, 0), at(found, 1)];
  // Recomputed work is no part of the step, whoever does it.
  const { flops, flopsPerSecond } = workOf(at(found, 2).turns);
  const shareOf = (seconds: number): string => (flops / seconds / flopsPerSecond).toFixed(2);
  print(
    "",
    `| ${type} | s a step | fastest | peak GB | time / CT-CLIP | memory / CT-CLIP | time / expert | memory / expert | of products |`,
    `|${"---|".repeat(9)}`,
  );
  for (const each of found)
    print(`| ${[titles[each.name], ...cellsOf(each, others), shareOf(each.seconds)].join(" | ")} |`);
  const rate = `${(flopsPerSecond / 1e9).toPrecision(3)} GFLOP/s for two matrices of 2048 x 2048`;
  print("", `products in ${type}: ${rate}; a step is ${printFlops(flops)} of them`);
}

/** The work of a step, and the median of the rates that its turns found. */
function workOf(turns: readonly StepTurn[]): NonNullable<StepTurn["work"]> {
  const found = turns.flatMap(({ work }) => (work === null ? [] : [work]));
  const { medianMs } = spreadOf(found.map(({ flopsPerSecond }) => 1000 / flopsPerSecond));
  return { flops: at(found, 0).flops, flopsPerSecond: 1000 / medianMs };
}

function theirs(contender: "peft" | "expert", type: string): StepTurn {
  const wish = { contender, size: model, precision: type, batch: Number(batch), steps: stepsOfTurn };
  return { ...pytorchSteps(python, wish), work: null };
}

/** How much is recomputed: nothing, what the compiler chooses for so much memory, or all but what lies between layers. */
function settingsOf(name: Exclude<Contender, "peft" | "expert">, bytes: number): readonly string[] {
  switch (name) {
    case "medctc":
      return ["--recompute", "none"];
    case "medctc, half the memory":
      return ["--set", `train.memory=${Math.floor(bytes / 1e6)}MB`];
    case "medctc, recompute":
      return ["--recompute", "layers"];
  }
}

function ours(type: string, settings: readonly string[]): StepTurn {
  const counted = ["--batch", batch, "--precision", type, "--steps", String(stepsOfTurn), "--warmup", "0"];
  const { steps, memory, flops, product } = benchedStep(spec, ...settings, ...counted);
  const work = product === null ? null : { flops, flopsPerSecond: 1e9 * product.gflopsPerSecond };
  // Of two steps these are all.
  return { seconds: [steps.minMs / 1000, steps.maxMs / 1000], peakBytes: memory.peakBytes, work };
}
