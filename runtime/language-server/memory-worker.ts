import { parentPort } from "node:worker_threads";
import {
  compileSpec,
  expectMemory,
  expectStepTime,
  type MemoryModel,
  onnxMemory,
  type TracedSpec,
  tensorflowMemory,
} from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import type { NameOf } from "../backends/names.ts";
import { readRates } from "../machine/index.ts";
import { EditorLibrary } from "./library.ts";
import type { MemoryAnswer, MemoryTask } from "./memory-messages.ts";

/** A thread that builds the training step of a spec for the memory that it takes: seconds, in which an editor wants other answers. */
parentPort?.on("message", ({ path, text, open }: MemoryTask) => {
  const texts = new Map(open);
  const library = new EditorLibrary(path, (other) => texts.get(other) ?? null);
  const { spec, memory } = compileSpec(createSource(path, text), library);
  const expected = memory ?? (spec === null ? null : expectMemory(spec));
  const answer: MemoryAnswer = {
    peakBytes: expected?.peakBytes ?? null,
    title: expected?.title ?? "",
    time: spec === null ? null : timeOf(spec),
  };
  parentPort?.postMessage(answer);
});

/** What times are expected of, in the order in which `auto` takes backends: none of them is loaded for that. */
const timed: readonly (readonly [NameOf<"programs">, MemoryModel])[] = [
  ["tensorflow", tensorflowMemory],
  ["onnx", onnxMemory],
];

function timeOf(spec: TracedSpec): MemoryAnswer["time"] {
  const stored = readRates();
  if (stored.kind !== "rates") return null;
  for (const [name, model] of timed) {
    const known = stored.rates.backends.find(({ backend }) => backend === name);
    if (known === undefined) continue;
    const seconds = expectStepTime(spec, known.rates, model);
    return seconds === null ? null : { seconds, title: model.title };
  }
  return null;
}
