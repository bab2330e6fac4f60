import { spawnSync } from "node:child_process";
import { basename, join } from "node:path";
import { prepare, root } from "../runtime/setup/prepare.mjs";

/** `node test/run.mjs SCRIPT.ts ARGUMENTS`: runs a TypeScript program of the tests, bundled, since Node 20 strips no types. */
const [script, ...args] = process.argv.slice(2);
await prepare();
const { build } = await import("esbuild");
const program = join(root, ".cache/scripts", `${basename(script, ".ts")}.mjs`);
await build({
  absWorkingDir: root,
  entryPoints: [script],
  outfile: program,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  banner: { js: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);' },
  logLevel: "warning",
});
const { status } = spawnSync(process.execPath, [program, ...args], { cwd: root, stdio: "inherit" });
process.exitCode = status ?? 1;
