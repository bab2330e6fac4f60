import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { medctc, outputOf } from "../../command.ts";
import { judge } from "../../judge.ts";
import { pythonWith, pythonWithPeft } from "../../python/environment.ts";
import { readScores, readSteps } from "../run-files.ts";

/**
 * What a user does with a checkpoint of torch.save, on both backends in both precisions: train, stop, resume, evaluate,
 * export. With 205 MiB of weights, which take several feeding runs: `node test/run.mjs test/end-to-end/middle-size/run.ts`.
 */
const here = "test/end-to-end/middle-size";
const backends = ["onnx", "tensorflow"] as const;
const steps = 3;

/**
 * How far results may be from those of the first backend in f32: scores as they are, everything else as a share. The best
 * codebook entry of each token here leads by at least 3e-5 in cosine, so f32 always chooses the same. bf16 does not,
 * which changes norms of gradients by more than 2 %: those are held to f32 alone.
 */
const limits = { f32: 1e-5, bf16: 0.02 } as const;
type Precision = keyof typeof limits;
const precisions: readonly Precision[] = ["f32", "bf16"];

interface Results {
  readonly losses: readonly number[];
  readonly norms: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const pytorch = pythonWithPeft();
const packages = ["onnx==1.23.0", "onnxruntime==1.32.0"];
const onnxruntime = pythonWith(packages.join("-"), [...packages, "safetensors"]);
const folder = mkdtempSync(join(tmpdir(), "medctc-middle-size-"));
const path = (name: string): string => join(folder, name);
const weights = ["--weights", path("ct.pt")];
const given = ["--data", path("data"), "--cache", path("cache"), ...weights];
try {
  for (const precision of precisions) writeFileSync(specIn(precision), textIn(precision));
  // Of this seed no token of a volume is so near a tie that another entry in bf16 would take a score as far as the limit.
  medctc("data", "synth", path("data"), "--pairs", "8", "--valid", "4", "--seed", "6");
  medctc("export", specIn("f32"), "--safetensors", path("first.safetensors"));
  python(pytorch, "write_weights.py", path("first.safetensors"), path("ct.pt"), path("batch.safetensors"));
  let reference: Results | null = null;
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

/** Trains, stops, resumes, evaluates and exports; gives the numbers that another backend or precision must give as well. */
function resultsOf(backend: string, precision: Precision): Results {
  const name = `${backend}-${precision}`;
  const spec = specIn(precision);
  const on = ["--backend", backend];
  const [whole, parts, peft] = [path(`${name}-whole`), path(`${name}-parts`), path(`${name}-peft`)];
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
  const outputs = readFileSync(forward(spec, [...on, "--adapter", whole], path(`${name}-forward`)));
  const fromPeft = readFileSync(forward(spec, [...on, "--adapter", peft], path(`${name}-forward-peft`)));
  judge(fromPeft.equals(outputs), `${name}: PEFT's form is the same adapter`);
  // What is exported computes in f32, so it is held against the backend that does, whatever the precision.
  const exact = forward(spec, ["--backend", backends[0], "--adapter", whole], path(`${name}-forward-exact`));
  const model = path(`${name}.onnx`);
  medctc("export", spec, "--onnx", model, "--adapter", whole, ...weights);
  const exported = python(onnxruntime, "run_onnx.py", model, path("batch.safetensors"), exact);
  for (const [output, share] of Object.entries(v.parse(v.record(v.string(), v.number()), JSON.parse(exported)))) {
    const what = `${name}: ${output} of the exported model in Python's ONNX Runtime`;
    judge(share <= limits.f32, `${what} within ${share.toExponential(1)}`);
  }
  const logged = readSteps(whole);
  return { losses: logged.map(({ loss }) => loss), norms: logged.map((step) => step.gradient_norm), before, after };
}

function compare(name: string, results: Results, reference: Results, precision: Precision): void {
  const held = (kind: keyof Results, title: string, isShare: boolean): void => {
    const found = apart(results[kind], reference[kind], isShare);
    judge(found <= limits[precision], `${name}: ${results[kind].length} ${title} within ${found.toExponential(1)}`);
  };
  held("losses", "losses", true);
  if (precision === "f32") held("norms", "norms of gradients", true);
  held("before", "scores before training", false);
  held("after", "scores after training", false);
}

/** The largest difference, as a share of what is expected or as it is; NaN, which no limit holds, for other lengths. */
function apart(values: readonly number[], expected: readonly number[], isShare: boolean): number {
  if (values.length === 0 || values.length !== expected.length) return Number.NaN;
  const differences = values.map((value, index) => {
    const right = expected[index] ?? Number.NaN;
    return Math.abs(value - right) / (isShare ? right : 1);
  });
  return Math.max(...differences);
}

/** All scores of an evaluation, row by row. */
function evaluation(spec: string, more: readonly string[], into: string): readonly number[] {
  medctc("eval", spec, ...given, ...more, "-o", into);
  return [...readScores(into).values()].flat();
}

function forward(spec: string, more: readonly string[], into: string): string {
  medctc("run", spec, "forward", ...weights, ...more, "--feeds", path("batch.safetensors"), "-o", into);
  return into;
}

function adapterOf(run: string): Buffer {
  return readFileSync(join(run, "adapter.safetensors"));
}

function specIn(precision: Precision): string {
  return path(`medct-${precision}.vlm`);
}

function textIn(precision: Precision): string {
  const text = readFileSync(join(here, "medct-middle.vlm"), "utf8");
  if (!text.includes('precision = "f32"')) throw new Error("the spec has no precision to replace");
  return text.replace('precision = "f32"', `precision = "${precision}"`);
}

function python(interpreter: string, script: string, ...words: readonly string[]): string {
  return outputOf(interpreter, [join(here, script), ...words]);
}
