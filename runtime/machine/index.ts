export { availableBytes, cgroupFolders, leftInCgroup, parseMemAvailable } from "./available-memory.ts";
export { cacheFolder } from "./cache-folder.ts";
export { hasGpuDriver } from "./gpu.ts";
export { hasDesktop, openAddress } from "./open-address.ts";
export { isOutOfMemory, lessMemory } from "./out-of-memory.ts";
export { instructionSets, processorName } from "./processor.ts";
export {
  type BackendRates,
  encodeRates,
  type MachineRates,
  ratesOf,
  ratesPath,
  readCarriedRates,
  readRates,
  type SavingRates,
  type StorageRates,
  writeRates,
} from "./rates.ts";
export { isRefusal, problemOf } from "./refusal.ts";
export { exitCodeOf, type SignalWatch, StopRequest, type StopSignal, stopSignals, watchSignals } from "./signals.ts";
export { version } from "./version.ts";
