export { TensorflowSession } from "./session.ts";
export { writeModel } from "./write-model.ts";
