export { type OperationRun, readExecutorLog } from "./executor-log.ts";
export { TensorflowSession } from "./session.ts";
export { type WriteOptions, writeModel, writePrograms } from "./write-model.ts";
