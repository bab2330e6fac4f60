import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { prepare, root } from "./prepare.mjs";

const spec = "specs/medct.vlm";

/** What `npm start` does: makes the clone ready, then compiles the reference spec and prints what it comes to. */
await prepare();
process.stdout.write(`\n$ medctc compile ${spec}\n`);
const { status } = spawnSync(process.execPath, [join(root, "dist/medctc.js"), "compile", spec], {
  cwd: root,
  stdio: ["ignore", "inherit", "inherit"],
});
process.exitCode = status ?? 1;
