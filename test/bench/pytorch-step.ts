import * as v from "valibot";
import { outputOf } from "../command.ts";

/** Steps of PyTorch in a process of its own. */
export interface PytorchSteps {
  /** Without the first, which is a warm-up. */
  readonly seconds: readonly number[];
  readonly peakBytes: number;
  readonly loss: number;
}

/** Who makes them: CT-CLIP's own code with PEFT, the same as an expert has it, or a package that medctc wrote. */
export type Contender = "peft" | "expert" | "package";

const printed = v.object({ seconds: v.array(v.number()), peakBytes: v.number(), loss: v.number() });
const losses = v.object({ peft: v.number(), package: v.number() });

const script = "test/bench/pytorch/step.py";

export interface StepsWish {
  readonly contender: Contender;
  /** A model of test/bench/pytorch/sizes.py. */
  readonly size: string;
  readonly precision: string;
  readonly batch: number;
  readonly steps: number;
  /** The folder of its package, where that is measured. */
  readonly folder?: string;
}

export function pytorchSteps(python: string, wish: StepsWish): PytorchSteps {
  const { contender, size, precision, batch, steps, folder } = wish;
  const words = [
    script,
    contender,
    size,
    precision,
    String(batch),
    String(steps),
    ...(folder === undefined ? [] : [folder]),
  ];
  const { seconds, ...rest } = v.parse(printed, JSON.parse(outputOf(python, words)));
  return { seconds: seconds.slice(1), ...rest };
}

/** The losses of CT-CLIP with PEFT and of a package, on the same weights and inputs. */
export function pytorchLosses(python: string, size: string, folder: string): v.InferOutput<typeof losses> {
  return v.parse(losses, JSON.parse(outputOf(python, [script, "check", size, folder])));
}
