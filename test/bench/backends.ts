import { spreadOf } from "../../runtime/bench/index.ts";
import { print } from "../print.ts";
import { benchedStep } from "./bench-step.ts";
import { turnsOf } from "./turns.ts";

/** A training step in ONNX Runtime beside TensorFlow's, of a small and of a middle-sized model, in turn. */
for (const spec of ["specs/medct-small.vlm", "test/bench/middle.vlm"]) {
  const times = Array.from({ length: turnsOf(3) }, () => ({
    tensorflow: stepMs(spec, "tensorflow"),
    onnx: stepMs(spec, "onnx"),
  }));
  const tensorflow = spreadOf(times.map((turn) => turn.tensorflow)).medianMs;
  const onnx = spreadOf(times.map((turn) => turn.onnx)).medianMs;
  const both = `${tensorflow.toFixed(1)} ms in TensorFlow, ${onnx.toFixed(1)} ms in ONNX Runtime`;
  print(`${spec}: a step takes ${both}: ${(onnx / tensorflow).toFixed(2)}`);
}

function stepMs(spec: string, backend: string): number {
  return benchedStep(spec, "--backend", backend, "--steps", "10", "--warmup", "3").steps.medianMs;
}
