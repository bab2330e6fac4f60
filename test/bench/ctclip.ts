import { availableParallelism } from "node:os";
import { instructionSets, processorName } from "../../runtime/machine/index.ts";
import { pythonWithCtclip } from "../python/environment.ts";

/** The specs that test/bench/pytorch/sizes.py has for PyTorch, by the names of their models there. */
export const sizes = {
  small: { spec: "specs/medct-small.vlm", model: "medct_small" },
  middle: { spec: "test/bench/middle.vlm", model: "medct_middle" },
  full: { spec: "specs/medct.vlm", model: "medct" },
} as const;
export type Size = keyof typeof sizes;

export function isSize(word: string): word is Size {
  return Object.keys(sizes).includes(word);
}

/** A Python that runs CT-CLIP's own code, made when it is not there; without a checkout of that code the program ends here. */
export function pythonBeside(usage: string): string {
  if (process.env["CTCLIP_SRC"] === undefined) endWithUsage(usage);
  return pythonWithCtclip();
}

export function endWithUsage(usage: string): never {
  process.stderr.write(`usage: CTCLIP_SRC=FOLDER node test/run.mjs ${usage}\n`);
  process.exit(2);
}

/** The processor, what it has for products, and its threads. */
export function machineLine(): string {
  return [processorName(), ...instructionSets(), `${availableParallelism()} threads`].join(", ");
}
