export { cacheFolder, nativeFiles } from "./cache.ts";
export { type ChosenBackend, chooseBackend, type WantedBackend } from "./choose.ts";
export { type Finding, findings } from "./findings.ts";
export { inspectNative } from "./inspect.ts";
export { installNative } from "./install.ts";
export { inspectPreferred, type LoadedTensorflow, loadTensorflow } from "./load.ts";
export { bf16ProductsHere, bf16ProductsOf } from "./processor.ts";
export { SetupError } from "./setup-error.ts";
export { versions } from "./versions.ts";
