export { type EnvironmentWish, installPytorch, type TorchBuild } from "./install.ts";
export { deviceWords, type FoundPython, findPython, installCommand, probeTorch, type ReadyPython } from "./python.ts";
export { workerFiles } from "./python-files.ts";
