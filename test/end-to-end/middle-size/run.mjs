import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { prepare, root } from "../../../runtime/setup/prepare.mjs";
import { pythonWith, pythonWithPeft } from "../../python/environment.mjs";

/**
 * What a user does with a checkpoint of torch.save, on both backends in both precisions: train, stop, resume, evaluate,
 * export. With 205 MiB of weights, which take several feeding runs: `node test/end-to-end/middle-size/run.mjs`.
 */
const here = dirname(fileURLToPath(import.meta.url));
const backends = ["onnx", "tensorflow"];
const precisions = ["f32", "bf16"];
const steps = 3;

/**
 * How far results may be from those of the first backend in f32: scores as they are, everything else as a share. The best
 * codebook entry of each token here leads by at least 3e-5 in cosine, so f32 always chooses the same. bf16 does not,
 * which changes norms of gradients by more than 2 %: those are held to f32 alone.
 */
const limits = { f32: 1e-5, bf16: 0.02 };

let failed = 0;
await prepare();
const pytorch = pythonWithPeft();
const packages = ["onnx==1.23.0", "onnxruntime==1.32.0"];
const onnxruntime = pythonWith(packages.join("-"), [...packages, "safetensors"]);
const folder = mkdtempSync(join(tmpdir(), "medctc-middle-size-"));
const path = (name) => join(folder, name);
const weights = ["--weights", path("ct.pt")];
const given = ["--data", path("data"), "--cache", path("cache"), ...weights];
try {
  for (const precision of precisions) writeFileSync(specIn(precision), textIn(precision));
  medctc("data", "synth", path("data"), "--pairs", "8", "--valid", "4");
  medctc("export", specIn("f32"), "--safetensors", path("first.safetensors"));
  python(pytorch, "write_weights.py", path("first.safetensors"), path("ct.pt"), path("batch.safetensors"));
  let reference;
  for (const precision of precisions) {
    for (const backend of backends) {
      const results = resultsOf(backend, precision);
      reference ??= results;
      compare(`${backend}-${precision}`, results, reference, precision);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;

/** Trains, stops, resumes, evaluates and exports; gives the numbers that another backend or precision must give as well. */
function resultsOf(backend, precision) {
  const name = `${backend}-${precision}`;
  const spec = specIn(precision);
  const on = ["--backend", backend];
  const [whole, parts, peft] = ["whole", "parts", "peft"].map((each) => path(`${name}-${each}`));
  medctc("train", spec, ...given, ...on, "--steps", String(steps), "-o", whole);
  medctc("train", spec, ...given, ...on, "--steps", "1", "-o", parts);
  const stopped = adapterOf(parts);
  medctc("train", spec, ...given, ...on, "--steps", String(steps), "-o", parts, "--resume");
  const same = adapterOf(parts).equals(adapterOf(whole)) && !stopped.equals(adapterOf(whole));
  judge(same, `${name}: a resumed training gives the adapters of one that was not stopped`);

  const before = evaluation(spec, on, path(`${name}-before`));
  const after = evaluation(spec, [...on, "--adapter", whole], path(`${name}-after`));
  const moved = apart(after, before, false);
  judge(moved > 1000 * limits.f32, `${name}: training moves scores by up to ${moved.toFixed(3)}`);
  const spread = Math.max(...before) - Math.min(...before);
  judge(spread > 3 * limits.bf16, `${name}: scores spread over ${spread.toFixed(3)}`);

  medctc("export", spec, "--peft", peft, "--adapter", whole);
  const outputs = forward(spec, [...on, "--adapter", whole], path(`${name}-forward`));
  const isSame = readFileSync(forward(spec, [...on, "--adapter", peft], path(`${name}-forward-peft`))).equals(
    readFileSync(outputs),
  );
  judge(isSame, `${name}: PEFT's form is the same adapter`);
  // What is exported computes in f32, so it is held against the backend that does, whatever the precision.
  const exact = forward(spec, ["--backend", backends[0], "--adapter", whole], path(`${name}-forward-exact`));
  const model = path(`${name}.onnx`);
  medctc("export", spec, "--onnx", model, "--adapter", whole, ...weights);
  const exported = JSON.parse(python(onnxruntime, "run_onnx.py", model, path("batch.safetensors"), exact));
  for (const [output, share] of Object.entries(exported)) {
    const what = `${name}: ${output} of the exported model in Python's ONNX Runtime`;
    judge(share <= limits.f32, `${what} within ${share.toExponential(1)}`);
  }

  const lines = readFileSync(join(whole, "metrics.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { losses: lines.map(({ loss }) => loss), norms: lines.map((line) => line.gradient_norm), before, after };
}

function compare(name, results, reference, precision) {
  const kinds = [
    ["losses", "losses", true],
    ...(precision === "f32" ? [["norms", "norms of gradients", true]] : []),
    ["before", "scores before training", false],
    ["after", "scores after training", false],
  ];
  for (const [kind, title, isShare] of kinds) {
    const found = apart(results[kind], reference[kind], isShare);
    judge(found <= limits[precision], `${name}: ${results[kind].length} ${title} within ${found.toExponential(1)}`);
  }
}

/** The largest difference, as a share of what is expected or as it is; NaN, which no limit holds, for other lengths. */
function apart(values, expected, isShare) {
  if (values.length === 0 || values.length !== expected.length) return Number.NaN;
  return Math.max(...values.map((value, index) => Math.abs(value - expected[index]) / (isShare ? expected[index] : 1)));
}

/** All scores of an evaluation, row by row. */
function evaluation(spec, more, into) {
  medctc("eval", spec, ...given, ...more, "-o", into);
  const [, ...rows] = readFileSync(join(into, "scores.csv"), "utf8").trim().split("\n");
  return rows.flatMap((row) => row.split(",").slice(1).map(Number));
}

function forward(spec, more, into) {
  medctc("run", spec, "forward", ...weights, ...more, "--feeds", path("batch.safetensors"), "-o", into);
  return into;
}

function adapterOf(run) {
  return readFileSync(join(run, "adapter.safetensors"));
}

function specIn(precision) {
  return path(`medct-${precision}.vlm`);
}

function textIn(precision) {
  const text = readFileSync(join(here, "medct-middle.vlm"), "utf8");
  if (!text.includes('precision = "f32"')) throw new Error("the spec has no precision to replace");
  return text.replace('precision = "f32"', `precision = "${precision}"`);
}

function judge(holds, text) {
  process.stdout.write(`${holds ? "holds" : "FAILED"}  ${text}\n`);
  if (!holds) failed++;
}

function medctc(...words) {
  run(process.execPath, [join(root, "dist/medctc.js"), ...words]);
}

function python(interpreter, script, ...words) {
  return run(interpreter, [join(here, script), ...words]);
}

/** What a command prints. */
function run(command, words) {
  const { status, stdout, stderr } = spawnSync(command, words, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${words.join(" ")} ended with ${status}\n${stderr}`);
  return stdout;
}
