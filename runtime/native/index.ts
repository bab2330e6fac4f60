export { cacheFolder, nativeFiles } from "./cache.ts";
export { inspectNative } from "./inspect.ts";
export { installNative, SetupError } from "./install.ts";
export { loadTensorflow } from "./load.ts";
export { versions } from "./versions.ts";
