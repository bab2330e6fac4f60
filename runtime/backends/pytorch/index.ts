export { installPytorch } from "./install.ts";
export { deviceWords, findPython, installCommand, probeTorch } from "./python.ts";
export { workerFiles } from "./python-files.ts";
