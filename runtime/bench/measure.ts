import { setImmediate } from "node:timers/promises";
import type { TracedSpec } from "../../compiler/index.ts";
import { loadTensorflow } from "../native/index.ts";
import { peakBytes } from "./memory.ts";
import { type Backend, lessMemory, type Measurement, type Message, type Request } from "./messages.ts";
import { evaluatorRunner, onnxRunner, type Runner, tensorflowRunner } from "./runner.ts";
import { spreadOf } from "./statistics.ts";

/** Counted runs without a number given: what fits that time, and within these bounds. */
const measuredMs = 30_000;
const fewest = 3;
const most = 200;

/** Runs of the matrix product, of which the median counts. */
const productRuns = 5;

const ofProduct = { program: "product", inputs: [], rows: { batch: 1, microBatch: 1 } } as const;

/** Compiles the spec that the evaluator runs. */
export type SpecOf = (backend: Backend & { readonly kind: "evaluator" }) => TracedSpec;

/** Runs and measures what is asked for, in this process. Gives the last message; `tell` hears of those before. */
export async function measure(request: Request, specOf: SpecOf, tell: (message: Message) => void): Promise<Message> {
  const { backend, program, inputs } = request;
  switch (backend.kind) {
    case "evaluator":
      return {
        kind: "measured",
        measurement: await timed(evaluatorRunner(specOf(backend), program, inputs), request, tell),
      };
    case "onnx": {
      try {
        const measurement = await timed(await onnxRunner(backend.model, request), request, tell);
        if (request.product?.kind !== "onnx") return { kind: "measured", measurement };
        tell({ kind: "progress", text: "measuring matrix products" });
        const product = await onnxRunner(request.product.model, ofProduct);
        return { kind: "measured", measurement: { ...measurement, productMs: await timeProduct(product) } };
      } catch (error) {
        return { kind: "failed", problem: error instanceof Error ? error.message : String(error), help: lessMemory };
      }
    }
    case "tfjs": {
      const native = loadTensorflow();
      if (native.kind !== "ready") return { kind: "failed", problem: native.reason, help: `run: ${native.repair}` };
      try {
        const measurement = await timed(await tensorflowRunner(native.tf, backend.model, request), request, tell);
        if (request.product?.kind !== "tfjs") return { kind: "measured", measurement };
        tell({ kind: "progress", text: "measuring matrix products" });
        const product = await tensorflowRunner(native.tf, request.product.model, ofProduct);
        return { kind: "measured", measurement: { ...measurement, productMs: await timeProduct(product) } };
      } catch (error) {
        // TensorFlow's own exceptions are plain errors: of memory that is not there, above all.
        const problem = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
        return { kind: "failed", problem, help: lessMemory };
      }
    }
  }
}

async function timed(runner: Runner, request: Request, tell: (message: Message) => void): Promise<Measurement> {
  const loadedBytes = peakBytes();
  let step = 0;
  const next = async (text: string): Promise<number> => {
    tell({ kind: "progress", text });
    // Lets the message go out, and the end of the process that listens come in.
    await setImmediate();
    const start = performance.now();
    await runner.run(step++);
    return performance.now() - start;
  };
  const firstMs = await next("first step");
  let lastMs = firstMs;
  for (let run = 0; run < request.warmup; run++) lastMs = await next(`warm-up ${run + 1} of ${request.warmup}`);
  const steps = request.steps ?? Math.max(fewest, Math.min(most, Math.floor(measuredMs / lastMs)));
  const timesMs: number[] = [];
  for (let run = 0; run < steps; run++) timesMs.push(await next(`step ${run + 1} of ${steps}`));
  const peak = peakBytes();
  await runner.dispose();
  return { device: runner.device, firstMs, timesMs, loadedBytes, peakBytes: peak, productMs: null };
}

async function timeProduct(product: Runner): Promise<number> {
  const timesMs = [];
  for (let run = -1; run < productRuns; run++) {
    const start = performance.now();
    await product.run(0);
    if (run >= 0) timesMs.push(performance.now() - start);
  }
  await product.dispose();
  return spreadOf(timesMs).medianMs;
}
