export { nativeFiles } from "./cache.ts";
export { type ChosenBackend, chooseBackend, type WantedBackend } from "./choose.ts";
export { type Finding, findings } from "./findings.ts";
export { inspectNative } from "./inspect.ts";
export { installNative } from "./install.ts";
export { type LoadedTensorflow, loadTensorflow } from "./load.ts";
export { SetupError } from "./setup-error.ts";
