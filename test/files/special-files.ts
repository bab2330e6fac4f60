import { spawnSync } from "node:child_process";
import { chmodSync, closeSync, ftruncateSync, mkdirSync, openSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";

const isRoot = process.getuid?.() === 0;

/** Makes a device node, which only root may; false where that is not allowed. */
export function makeDevice(path: string, kind: "c" | "b", major: number, minor: number): boolean {
  return isRoot && spawnSync("mknod", [path, kind, String(major), String(minor)]).status === 0;
}

export function makePipe(path: string): void {
  if (spawnSync("mkfifo", [path]).status !== 0) throw new Error(`mkfifo ${path} failed`);
}

export function makeSocket(path: string): Promise<Server> {
  const server = createServer();
  return new Promise((settle) => server.listen(path, () => settle(server)));
}

/** A file of that many bytes that takes no disk. */
function makeSparse(path: string, bytes: number): void {
  const handle = openSync(path, "w");
  ftruncateSync(handle, bytes);
  closeSync(handle);
}

/** Paths that no command can do anything with, in a folder made for them, by what they are. */
export function specialPaths(folder: string): ReadonlyMap<string, string> {
  const at = (name: string): string => join(folder, name);
  mkdirSync(folder);
  symlinkSync("loop-b", at("loop"));
  symlinkSync("loop", at("loop-b"));
  symlinkSync("nowhere", at("lost-link"));
  makePipe(at("pipe"));
  makeSparse(at("sparse"), 50e9);
  writeFileSync(at("file"), "not what is wanted\n");
  mkdirSync(at("folder"));
  mkdirSync(at("closed"));
  chmodSync(at("closed"), 0);
  const paths = new Map([
    ["a loop of links", at("loop")],
    ["a link that leads nowhere", at("lost-link")],
    ["a pipe", at("pipe")],
    ["a sparse file of 50 GB", at("sparse")],
    ["another file", at("file")],
    ["a path below a file", at("file/below")],
    ["an empty folder", at("folder")],
    ["a name of 300 characters", at("n".repeat(300))],
    ["a path of 5,000 characters", at("d/".repeat(2500))],
    ["nothing", at("nothing")],
    ["a name with a line break and an escape", at("a\nerror: b\u001b[31m")],
  ]);
  // Root reads in a closed folder.
  if (!isRoot) paths.set("a path in a closed folder", at("closed/file"));
  for (const [name, kind, major, minor] of [
    ["null", "c", 1, 3],
    ["zero", "c", 1, 5],
    ["full", "c", 1, 7],
    // A disk that no machine has: what opens it fails, and what renames over it would not.
    ["disk", "b", 240, 77],
  ] as const) {
    if (makeDevice(at(name), kind, major, minor)) paths.set(`a device like /dev/${name}`, at(name));
  }
  return paths;
}
