import { nodesOf, type Program } from "../../ir/index.ts";
import { type Work, workOf } from "../../ops/index.ts";
import { optimise, type PassContext } from "../../passes/index.ts";
import { optimiseForOnnx } from "../../targets/onnx/index.ts";
import { tensorflowWork } from "../../targets/tensorflow/index.ts";

/** What something makes of programs that it runs. */
export interface Runner {
  /** The passes that lead to a program that is run. */
  readonly optimise: (program: Program, context: PassContext) => Program;
  /** What such a program does in a run, one after the other. */
  readonly work: (program: Program) => readonly Work[];
}

/** What runs each operation by itself does that. */
export function operationWork(program: Program): readonly Work[] {
  return nodesOf(program).map(workOf);
}

/** How something that runs programs uses memory. */
export interface MemoryModel extends Runner {
  /** Its name in messages. */
  readonly title: string;
  /** Bytes of the process besides a model: Node, the library, the graph. */
  readonly processBytes: number;
  /** The share of the small values that stays with the process as holes in its heap. */
  readonly holes: number;
  /** How much more is taken for values than they need where they are most. */
  readonly growth: number;
}

export const tensorflowMemory: MemoryModel = {
  title: "TensorFlow",
  // On Linux 480 to 520 MiB.
  processBytes: 512 * 1024 * 1024,
  // In steps of medct-small made larger, of 1.1 to 2.4 GiB, it was 0.1 to 1; with 0.5 the whole was within 0.95 and 1.16 of
  // what was measured.
  holes: 0.5,
  growth: 1,
  optimise,
  work: tensorflowWork,
};

export const onnxMemory: MemoryModel = {
  title: "ONNX Runtime",
  processBytes: 300 * 1024 * 1024,
  holes: 0,
  // Its arena grows by doubling, and it orders operations by itself: 2.1 in a step of 2.2 GiB, 2.4 in one of 16.4 GiB.
  growth: 2.5,
  // What is recomputed is the same expression a second time, which ONNX Runtime computes once and keeps.
  optimise: (program, context) =>
    optimiseForOnnx(program, { ...context, settings: { ...context.settings, recompute: "none" } }),
  work: operationWork,
};

/** A process of PyTorch, of whose programs are counted those that TensorFlow would run. */
export const pytorchMemory: Omit<MemoryModel, keyof Runner> = {
  title: "PyTorch",
  // On a CPU, half of it the library's files. Fitted, as `growth` is, to the peaks of three steps, of 710, 990 and 1,490 MiB.
  processBytes: 700 * 1024 * 1024,
  holes: 0,
  growth: 1.6,
};
