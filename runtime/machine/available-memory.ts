import { readFileSync } from "node:fs";
import { freemem } from "node:os";
import { join } from "node:path";

/**
 * Bytes that this process can have, with what it has already: what the machine has free or can free at once, and no more
 * than the control groups leave that the process runs in (containers, batch systems).
 */
export function availableBytes(): number {
  const free = parseMemAvailable(read("/proc/meminfo")) ?? freemem();
  const left = cgroupFolders(read("/proc/self/cgroup")).map(({ folder, files }) => {
    const [limit, used, stat] = files.map((file) => read(join(folder, file)));
    return leftInCgroup(limit ?? "", used ?? "", stat ?? "");
  });
  return Math.min(free, ...left) + process.memoryUsage.rss();
}

/** The line `MemAvailable` of /proc/meminfo in bytes; null where it is missing. */
export function parseMemAvailable(text: string): number | null {
  const found = /^MemAvailable:\s+(\d+) kB$/m.exec(text);
  return found === null ? null : Number(found[1]) * 1024;
}

/** A control group that limits memory: its folder, and its files with the limit, what is used, and of what that is made. */
export interface Cgroup {
  readonly folder: string;
  readonly files: readonly [limit: string, used: string, stat: string];
}

/**
 * The groups that the lines of /proc/self/cgroup name, and those around them. In a container the files at the root are
 * those of its own group, whatever the name says.
 */
export function cgroupFolders(text: string): readonly Cgroup[] {
  return text.split("\n").flatMap((line) => {
    const [, controllers, name] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || name === undefined) return [];
    const version = controllers === "" ? 2 : controllers.split(",").includes("memory") ? 1 : null;
    if (version === null) return [];
    const { root, files } = layouts[version];
    const parts = name.split("/").filter((part) => part !== "");
    return [...parts.keys(), parts.length].map((depth) => ({ folder: join(root, ...parts.slice(0, depth)), files }));
  });
}

const layouts: Readonly<Record<1 | 2, { readonly root: string; readonly files: Cgroup["files"] }>> = {
  1: { root: "/sys/fs/cgroup/memory", files: ["memory.limit_in_bytes", "memory.usage_in_bytes", "memory.stat"] },
  2: { root: "/sys/fs/cgroup", files: ["memory.max", "memory.current", "memory.stat"] },
};

/** Bytes that a group leaves, from the text of its files; infinite where there is no limit. */
export function leftInCgroup(limit: string, used: string, stat: string): number {
  if (!/^\d+$/.test(limit.trim())) return Number.POSITIVE_INFINITY;
  // Files that nobody reads at the moment are given up when memory is needed.
  const cache = /^(?:total_)?inactive_file (\d+)$/m.exec(stat)?.[1] ?? "0";
  return Math.max(0, Number(limit) - Math.max(0, Number(used) - Number(cache)));
}

/** A file of the system, or nothing where there is none. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
