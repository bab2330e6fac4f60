import { existsSync, readFileSync } from "node:fs";

/** The most memory that this process has had at once, in bytes. */
export function peakBytes(): number {
  // Linux's own count is of this program alone; maxRSS goes on from what the program before an exec had.
  return (statusOf("VmHWM") ?? process.resourceUsage().maxRSS) * 1024;
}

/** A line of /proc/self/status, in KiB; null where there is none. */
function statusOf(name: string): number | null {
  if (!existsSync("/proc/self/status")) return null;
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(readFileSync("/proc/self/status", "utf8"));
  return found === null ? null : Number(found[1]);
}
