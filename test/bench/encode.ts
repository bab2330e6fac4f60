import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { at } from "../../runtime/at.ts";
import { bundle } from "../bundle.ts";
import { outputOf } from "../command.ts";
import { print } from "../print.ts";
import { endWithUsage, isSize, machineLine, pythonBeside, sizes } from "./ctclip.ts";
import { cellsOf, takeTurns } from "./turns.ts";

/**
 * Encoding a volume in f32 as `medctc eval` does, on both backends, beside CT-CLIP's own code, an expert's PyTorch and that with
 * torch.compile, on the same weights: `CTCLIP_SRC=FOLDER node test/run.mjs test/bench/encode.ts [small|middle|full] [ROUNDS] [RUNS]`,
 * where CTCLIP_SRC names a checkout of CT-CLIP. They take turns: in each round every one has a process of its own, with a warm-up and
 * some runs. At full size it takes 2 GB of disk and 7 GB of memory, and some minutes.
 */
const usage = "test/bench/encode.ts [small|middle|full] [ROUNDS] [RUNS]";
const contenders = ["own", "expert", "compiled", "tensorflow", "onnx"] as const;
type Contender = (typeof contenders)[number];
const titles: Readonly<Record<Contender, string>> = {
  own: "CT-CLIP's own code",
  expert: "an expert's PyTorch",
  compiled: "an expert's with torch.compile",
  tensorflow: "medctc on TensorFlow",
  onnx: "medctc on ONNX Runtime",
};
/** Of the largest number of a latent. */
const allowed = 2e-5;

const encoded = v.object({ seconds: v.array(v.number()), peakBytes: v.number(), latent: v.array(v.number()) });
const written = v.object({ turned: v.number() });
type Encoded = v.InferOutput<typeof encoded>;

const [, , size = "full", rounds = "3", runs = "2"] = process.argv;
if (!isSize(size)) endWithUsage(usage);
const python = pythonBeside(usage);
const { spec, model } = sizes[size];
const folder = mkdtempSync(join(tmpdir(), "medctc-encode-"));
const program = resolve(".cache/scripts/encode-apart.mjs");
try {
  await bundle("test/bench/encode-apart.ts", program);
  await compare();
} finally {
  rmSync(folder, { recursive: true });
}

async function compare(): Promise<void> {
  const made = outputOf(python, ["test/bench/pytorch/encode.py", "write", model, folder]);
  const { turned } = v.parse(written, JSON.parse(made));
  print(
    `${machineLine()}; ${spec}, f32, one volume a run`,
    `codebook entries turned away, since they were nearly as near to a token as the nearest: ${turned}`,
  );
  const found = await takeTurns(contenders, Number(rounds), encode, (name) => titles[name]);
  const others = ["CT-CLIP", "expert", "compiled"].map((name) => `time / ${name} | memory / ${name}`).join(" | ");
  print("", `| | s a volume | fastest | peak GB | ${others} | latent apart |`, `|${"---|".repeat(11)}`);
  const [own, expert, compiled] = [at(found, 0), at(found, 1), at(found, 2)];
  const latentApart = ({ turns }: (typeof found)[number]): number =>
    apart(at(turns, 0).latent, at(own.turns, 0).latent);
  for (const each of found) {
    const cells = [...cellsOf(each, [own, expert, compiled]), latentApart(each).toExponential(1)];
    print(`| ${[titles[each.name], ...cells].join(" | ")} |`);
  }
  const wrong = found.filter((each) => !(latentApart(each) <= allowed));
  for (const { name } of wrong) print(`${titles[name]} gives another latent`);
  if (wrong.length > 0) process.exitCode = 1;
}

function encode(contender: Contender): Encoded {
  const isPytorch = contender === "own" || contender === "expert" || contender === "compiled";
  const printed = isPytorch
    ? outputOf(python, ["test/bench/pytorch/encode.py", contender, model, folder, runs])
    : outputOf(process.execPath, [program, contender, spec, folder, runs], { env: { TF_CPP_MIN_LOG_LEVEL: "2" } });
  return v.parse(encoded, JSON.parse(printed.trim().split("\n").at(-1) ?? ""));
}

/** The largest difference, as a share of the largest number. */
function apart(latent: readonly number[], expected: readonly number[]): number {
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, index) => Math.abs(value - (latent[index] ?? Number.NaN)))) / largest;
}
