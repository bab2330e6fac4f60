import { parentPort } from "node:worker_threads";
import { compileSpec, expectMemory } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { EditorLibrary } from "./library.ts";
import type { MemoryAnswer, MemoryTask } from "./memory-messages.ts";

/** A thread that builds the training step of a spec for the memory that it takes: seconds, in which an editor wants other answers. */
parentPort?.on("message", ({ path, text, open }: MemoryTask) => {
  const texts = new Map(open);
  const library = new EditorLibrary(path, (other) => texts.get(other) ?? null);
  const { spec, memory } = compileSpec(createSource(path, text), library);
  const expected = memory ?? (spec === null ? null : expectMemory(spec));
  const answer: MemoryAnswer = { peakBytes: expected?.peakBytes ?? null, title: expected?.title ?? "" };
  parentPort?.postMessage(answer);
});
