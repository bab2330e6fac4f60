export { runOnTensorflow } from "./run-program.ts";
export { TensorflowSession } from "./session.ts";
export { writeModel, writePrograms } from "./write-model.ts";
