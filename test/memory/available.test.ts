import { totalmem } from "node:os";
import { expect, test } from "vitest";
import { availableBytes, cgroupFolders, leftInCgroup, parseMemAvailable } from "../../runtime/machine/index.ts";

const gibibyte = 1024 ** 3;

test("MemAvailable of /proc/meminfo is read in bytes, and its absence is seen", () => {
  expect(parseMemAvailable("MemTotal:       24684452 kB\nMemFree: 1 kB\nMemAvailable:   17312132 kB\n")).toBe(
    17_312_132 * 1024,
  );
  expect(parseMemAvailable("MemTotal:       24684452 kB\nMemFree: 1 kB\n")).toBeNull();
  expect(parseMemAvailable("")).toBeNull();
});

test("of a control group of version 2, the groups around it count too", () => {
  const found = cgroupFolders("0::/slurm/job_7\n");
  expect(found.map(({ folder }) => folder)).toEqual([
    "/sys/fs/cgroup",
    "/sys/fs/cgroup/slurm",
    "/sys/fs/cgroup/slurm/job_7",
  ]);
  expect(found[0]?.files).toEqual(["memory.max", "memory.current", "memory.stat"]);
});

test("of version 1, the memory controller's line alone counts", () => {
  const found = cgroupFolders("5:devices:/a\n4:cpu,memory:/b\n1:name=systemd:/c\n");
  expect(found.map(({ folder }) => folder)).toEqual(["/sys/fs/cgroup/memory", "/sys/fs/cgroup/memory/b"]);
  expect(cgroupFolders("")).toEqual([]);
});

test("a group leaves its limit without what is used, of which idle files are given up", () => {
  const stat = "anon 1\ninactive_file 1073741824\nactive_file 5\n";
  expect(leftInCgroup(`${8 * gibibyte}\n`, `${3 * gibibyte}\n`, stat)).toBe(6 * gibibyte);
  expect(leftInCgroup(`${gibibyte}`, `${2 * gibibyte}`, "")).toBe(0);
});

test("a group without a limit, or without files, leaves any amount", () => {
  expect(leftInCgroup("max\n", "1\n", "")).toBe(Number.POSITIVE_INFINITY);
  expect(leftInCgroup("", "", "")).toBe(Number.POSITIVE_INFINITY);
});

test("this machine has some memory available, and no more than all", () => {
  expect(availableBytes()).toBeGreaterThan(0);
  expect(availableBytes()).toBeLessThanOrEqual(totalmem() + process.memoryUsage.rss());
});
