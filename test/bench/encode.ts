import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { at } from "../../runtime/at.ts";
import { spreadOf } from "../../runtime/bench/index.ts";
import { bundle } from "../bundle.ts";
import { outputOf } from "../command.ts";
import { print } from "../print.ts";

/**
 * Encoding a volume in f32 as `medctc eval` does, on both backends, beside CT-CLIP's own code and an expert's PyTorch, on the same
 * weights: `CTCLIP_SRC=FOLDER node test/run.mjs test/bench/encode.ts PYTHON [small|full] [ROUNDS] [RUNS]`, where PYTHON has
 * what test/bench/pytorch/encode.py needs and CTCLIP_SRC names a checkout of CT-CLIP. They take turns: in each round every one has
 * a process of its own, with a warm-up and some runs. At full size it takes 2 GB of disk and 7 GB of memory, and some minutes.
 */
const sizes = {
  small: { spec: "specs/medct-small.vlm", model: "medct_small" },
  full: { spec: "specs/medct.vlm", model: "medct" },
} as const;
const contenders = ["own", "expert", "tensorflow", "onnx"] as const;
type Contender = (typeof contenders)[number];
const titles: Readonly<Record<Contender, string>> = {
  own: "CT-CLIP's own code",
  expert: "an expert's PyTorch",
  tensorflow: "medctc on TensorFlow",
  onnx: "medctc on ONNX Runtime",
};
/** Of the largest number of a latent. */
const allowed = 2e-5;

const encoded = v.object({ seconds: v.array(v.number()), peakBytes: v.number(), latent: v.array(v.number()) });
const written = v.object({ turned: v.number() });
type Encoded = v.InferOutput<typeof encoded>;

const [, , python, size = "full", rounds = "3", runs = "2"] = process.argv;
if (python === undefined || process.env["CTCLIP_SRC"] === undefined || !isSize(size)) {
  const usage = "CTCLIP_SRC=FOLDER node test/run.mjs test/bench/encode.ts PYTHON [small|full] [ROUNDS] [RUNS]";
  process.stderr.write(`usage: ${usage}\n`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "medctc-encode-"));
const program = resolve(".cache/scripts/encode-apart.mjs");
try {
  await bundle("test/bench/encode-apart.ts", program);
  compare(python, sizes[size]);
} finally {
  rmSync(folder, { recursive: true });
}

function isSize(word: string): word is keyof typeof sizes {
  return Object.keys(sizes).includes(word);
}

function compare(interpreter: string, { spec, model }: (typeof sizes)[keyof typeof sizes]): void {
  const made = outputOf(interpreter, ["test/bench/pytorch/encode.py", "write", model, folder]);
  const { turned } = v.parse(written, JSON.parse(made));
  const encode = (contender: Contender): Encoded => {
    const isPytorch = contender === "own" || contender === "expert";
    const printed = isPytorch
      ? outputOf(interpreter, ["test/bench/pytorch/encode.py", contender, model, folder, runs])
      : outputOf(process.execPath, [program, contender, spec, folder, runs], { env: { TF_CPP_MIN_LOG_LEVEL: "2" } });
    return v.parse(encoded, JSON.parse(printed.trim().split("\n").at(-1) ?? ""));
  };
  print(
    `${cpus()[0]?.model ?? "unknown processor"}, ${availableParallelism()} threads; ${spec}, f32, one volume a run`,
    `codebook entries turned away, since they were nearly as near to a token as the nearest: ${turned}`,
  );
  const turns = new Map<Contender, Encoded[]>(contenders.map((each) => [each, []]));
  for (let round = 0; round < Number(rounds); round++) {
    for (const contender of contenders) {
      const load = at(loadavg(), 0);
      const turn = encode(contender);
      turns.get(contender)?.push(turn);
      const seconds = turn.seconds.map((each) => each.toPrecision(3)).join(" and ");
      process.stderr.write(`round ${round + 1}, ${titles[contender]}: ${seconds} s; load before ${load.toFixed(1)}\n`);
    }
  }
  const measured = contenders.map((name) => {
    const all = turns.get(name) ?? [];
    const spread = spreadOf(all.flatMap(({ seconds }) => seconds.map((each) => 1000 * each)));
    return {
      name,
      ...spread,
      peakBytes: Math.max(...all.map(({ peakBytes }) => peakBytes)),
      latent: all[0]?.latent ?? [],
    };
  });
  print(
    "",
    "| | s a volume | fastest | peak GB | time / CT-CLIP | time / expert | latent apart |",
    `|${"---|".repeat(7)}`,
  );
  const [own, expert] = [at(measured, 0), at(measured, 1)];
  for (const { name, medianMs, minMs, peakBytes, latent } of measured) {
    const cells = [
      titles[name],
      (medianMs / 1000).toPrecision(3),
      (minMs / 1000).toPrecision(3),
      (peakBytes / 1e9).toFixed(1),
      (medianMs / own.medianMs).toFixed(2),
      (medianMs / expert.medianMs).toFixed(2),
      apart(latent, own.latent).toExponential(1),
    ];
    print(`| ${cells.join(" | ")} |`);
  }
  const wrong = measured.filter(({ latent }) => !(apart(latent, own.latent) <= allowed));
  for (const { name } of wrong) print(`${titles[name]} gives another latent`);
  if (wrong.length > 0) process.exitCode = 1;
}

/** The largest difference, as a share of the largest number. */
function apart(latent: readonly number[], expected: readonly number[]): number {
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, index) => Math.abs(value - (latent[index] ?? Number.NaN)))) / largest;
}
