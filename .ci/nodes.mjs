import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "..");

/** Installs packages of npm into a folder of .cache, once, without their scripts; gives its node_modules. */
export function installed(name, packages, proof) {
  const folder = join(root, ".cache", name);
  const modules = join(folder, "node_modules");
  if (existsSync(join(modules, proof))) return modules;
  mkdirSync(folder, { recursive: true });
  const flags = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", folder];
  spawnSync("npm", ["install", ...flags, ...packages], { stdio: ["ignore", "ignore", "inherit"] });
  return existsSync(join(modules, proof)) ? modules : null;
}

/** Another Node than this one, from npm's packages; null where npm cannot get it. */
export function nodeOf(major) {
  const name = `node-${process.platform}-${process.arch}`;
  const binary = join(name, "bin/node");
  const modules = installed(join("nodes", String(major)), [`${name}@${major}`], binary);
  return modules === null ? null : join(modules, binary);
}
