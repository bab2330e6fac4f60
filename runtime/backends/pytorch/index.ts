export { installPytorch } from "./install.ts";
export { packageFiles } from "./package-files.ts";
export { deviceWords, findPython, installCommand, probeTorch } from "./python.ts";
