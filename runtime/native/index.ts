export { cacheFolder, nativeFiles } from "./cache.ts";
export { inspectNative } from "./inspect.ts";
export { installNative } from "./install.ts";
export { loadTensorflow } from "./load.ts";
export { SetupError } from "./setup-error.ts";
export { versions } from "./versions.ts";
