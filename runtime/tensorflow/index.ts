export { runOnTensorflow } from "./run-program.ts";
export { TensorflowSession } from "./session.ts";
export { type WriteOptions, writeModel, writePrograms } from "./write-model.ts";
