export { availableBytes, cgroupFolders, leftInCgroup, parseMemAvailable } from "./available.ts";
export { judgeMemory, MemoryError } from "./judge.ts";
