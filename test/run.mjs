import { spawnSync } from "node:child_process";
import { join, relative, resolve } from "node:path";
import { prepare, root } from "../runtime/setup/prepare.mjs";

/** `node test/run.mjs SCRIPT.ts ARGUMENTS`: runs a TypeScript program of the tests, bundled, since Node 20 strips no types. */
const [script = "", ...args] = process.argv.slice(2);
await prepare();
const { build } = await import("esbuild");
const program = join(root, ".cache/scripts", relative(root, resolve(root, script)).replace(/\.ts$/, ".mjs"));
await build({
  absWorkingDir: root,
  entryPoints: [script],
  outfile: program,
  bundle: true,
  // Found in node_modules from .cache, too.
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node20",
  logLevel: "warning",
});
const { status } = spawnSync(process.execPath, [program, ...args], { cwd: root, stdio: "inherit" });
process.exitCode = status ?? 1;
