export { type FoundPython, findPython, installCommand, type ReadyPython } from "./python.ts";
