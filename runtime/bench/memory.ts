import { existsSync, readFileSync } from "node:fs";

/** The most memory that this process and others have had at once, each by itself, in bytes. */
export function peakBytes(others: readonly number[] = []): number {
  // Linux's own count is of this program alone; maxRSS goes on from what the program before an exec had.
  const own = statusOf("self", "VmHWM") ?? process.resourceUsage().maxRSS;
  return others.reduce((sum, pid) => sum + (statusOf(String(pid), "VmHWM") ?? 0), own) * 1024;
}

/** A line of a process's status in /proc, in KiB; null where there is none. */
function statusOf(process: string, name: string): number | null {
  const file = `/proc/${process}/status`;
  if (!existsSync(file)) return null;
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(readFileSync(file, "utf8"));
  return found === null ? null : Number(found[1]);
}
