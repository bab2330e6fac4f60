import { existsSync } from "node:fs";

/** Whether the machine has a driver of NVIDIA's: this is what programs open first. */
export function hasGpuDriver(): boolean {
  return existsSync("/dev/nvidiactl");
}
