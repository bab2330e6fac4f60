export { environmentOfTensorflow } from "./environment.ts";
export { inspectNative, type NativeState, type NotReady, repairOf, unsupportedNode } from "./inspect.ts";
export { installNative } from "./install.ts";
export { hasKernels } from "./kernels.ts";
export { inspectPreferred, loadTensorflow } from "./load.ts";
export { nativeFiles } from "./native-files.ts";
export { type Probe, probeNative } from "./probe.ts";
export { bf16ProductsHere, bf16ProductsOf } from "./processor.ts";
export { type Flavour, gpuNeeds, versions } from "./versions.ts";
