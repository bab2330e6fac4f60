import * as v from "valibot";
import { type Ended, program, run } from "../command.ts";

const report = v.object({
  steps: v.object({ count: v.number(), medianMs: v.number(), minMs: v.number(), maxMs: v.number() }),
  memory: v.object({ peakBytes: v.number() }),
  flops: v.number(),
  product: v.nullable(v.object({ gflopsPerSecond: v.number() })),
});

/** What `medctc bench` measures of a training step, or how it ended where it could not. */
export function benchStep(spec: string, ...options: readonly string[]): v.InferOutput<typeof report> | Ended {
  const ended = run(process.execPath, [program, "bench", spec, ...options, "--json"]);
  return ended.status === 0 ? v.parse(report, JSON.parse(ended.stdout)) : ended;
}

/** The same, where it has to be measured. */
export function benchedStep(spec: string, ...options: readonly string[]): v.InferOutput<typeof report> {
  const found = benchStep(spec, ...options);
  if ("steps" in found) return found;
  throw new Error(`medctc bench ${spec} ${options.join(" ")} ended with ${found.status}\n${found.stderr}`);
}
