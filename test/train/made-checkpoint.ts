import type { Checkpoint } from "../../runtime/train/checkpoint.ts";
import type { TrainingState } from "../../runtime/train/checkpoint-state.ts";
import type { RunIdentity } from "../../runtime/train/identity.ts";

export const identity: RunIdentity = {
  spec: "model m {\n  lora(rank = 4) on text.attn.q # \u00e9\n}\n",
  data: "sha256 of the data",
  weights: "sha256 of the weights",
  seed: 7,
  batch: 8,
  precision: "f32",
  steps: 100,
};

/** A checkpoint of a step, its numbers made of the step. */
export function checkpointAt(step: number, state: Partial<TrainingState> = {}): Checkpoint {
  const numbers = (count: number, scale: number): Float32Array =>
    Float32Array.from({ length: count }, (_, index) => step + scale * index);
  return {
    state: {
      step,
      epoch: Math.floor(step / 10),
      position: step % 10,
      identity,
      settings: new Map<string, string | number | boolean | null>([
        ["backend", "onnx"],
        ["learning_rate", 1e-4],
        ["merge", false],
        ["steps", null],
      ]),
      metric: null,
      best: { step: 1, metric: 0.61 },
      loss: { sum: 0.7 * step, count: step },
      ...state,
    },
    parameters: new Map([
      ["text.q.lora_A.weight", { shape: [4, 3], data: numbers(12, 0.1) }],
      ["text.q.lora_B.weight", { shape: [3, 4], data: numbers(12, -0.3) }],
      ["temperature", { shape: [], data: numbers(1, 0) }],
    ]),
    averages: new Map(),
    optimizer: new Map([
      ["mean:text.q.lora_a", { shape: [4, 3], data: numbers(12, 1e-3) }],
      ["square:text.q.lora_a", { shape: [4, 3], data: numbers(12, 1e-6) }],
    ]),
  };
}
