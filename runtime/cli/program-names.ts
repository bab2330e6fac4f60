import type { ProgramName } from "../../compiler/index.ts";

/** The programs that the command line offers; the compiler's own list is not loaded for a start. */
export const programNames: readonly ProgramName[] = [
  "forward",
  "encode_image",
  "encode_text",
  "step",
  "embed",
  "compare",
  "backpropagate",
  "update",
  "init",
];

/** Behind the options of commands that take any program. */
export const helpOfMicroBatches =
  "\n\nembed, compare, backpropagate and update are the training step where `micro_batch` cuts the batch. compare takes all" +
  "\nrows, embed and backpropagate those of a micro-batch, update the gradients that the others have added up.";
