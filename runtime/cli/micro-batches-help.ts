/** Behind the options of commands that take any program. */
export const helpOfMicroBatches =
  "\n\nembed, compare, backpropagate and update are the training step with `micro_batch`. compare takes all" +
  "\nrows, embed and backpropagate those of a micro-batch, update the accumulated gradients.";
