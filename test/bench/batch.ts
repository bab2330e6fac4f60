import { print } from "../print.ts";
import { benchStep } from "./bench-step.ts";

const spec = "specs/medct-small.vlm";

/** The time of a training step against its batch: in all, and for each row. */
for (let batch = 1; batch <= 32; batch *= 2) {
  const given = ["--batch", String(batch), "--backend", "tensorflow", "--steps", "30", "--warmup", "5"];
  const found = benchStep(spec, ...given);
  if (!("steps" in found)) {
    print(`medctc bench ${spec}: left out; ${found.stderr.trim().split("\n")[0]}`);
    break;
  }
  const { steps, memory } = found;
  const row = (steps.medianMs / batch).toFixed(2);
  const mib = (memory.peakBytes / 2 ** 20).toFixed(0);
  const median = `median of ${steps.count} is ${steps.medianMs.toFixed(1)} ms`;
  print(`medctc bench ${spec}, batch ${batch}: ${median}, ${row} ms a row, ${mib} MiB`);
}
