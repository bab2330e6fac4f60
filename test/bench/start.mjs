import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { prepare, root } from "../../runtime/setup/prepare.mjs";

const runs = 10;
const limitMs = 300;
const program = join(root, "dist/medctc.js");

/** Median wall time of ten starts of `medctc check specs/medct.vlm`, beside ten of an empty Node program. */
await prepare();
const emptyMs = medianMs(["-e", "0"]);
const checkMs = medianMs([program, "check", "specs/medct.vlm"]);
const ratio = (checkMs / emptyMs).toFixed(2);
process.stdout.write(
  `medctc check specs/medct.vlm: median of ${runs} is ${checkMs.toFixed(0)} ms, limit ${limitMs} ms; `,
);
process.stdout.write(`node -e 0: ${emptyMs.toFixed(0)} ms; ratio ${ratio}\n`);

function medianMs(args) {
  const times = Array.from({ length: runs }, () => {
    const start = process.hrtime.bigint();
    const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "ignore" });
    if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}`);
    return Number(process.hrtime.bigint() - start) / 1e6;
  }).sort((a, b) => a - b);
  return (times[runs / 2 - 1] + times[runs / 2]) / 2;
}
