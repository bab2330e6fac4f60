import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { prepare, root } from "../../runtime/setup/prepare.mjs";

const program = join(root, "dist/medctc.js");

/** Wall times of the command as a user starts it, beside those of an empty Node program. */
await prepare();
const emptyMs = medianMs(10, ["-e", "0"]);
print("medctc check specs/medct.vlm", 10, ["check", "specs/medct.vlm"], "limit 300 ms");
const large = join(root, ".cache/large.vlm");
writeFileSync(large, largeSpec(1024 ** 2));
print("medctc check of 1 MB", 3, ["check", large], "limit 2000 ms");
print("medctc fmt --check of 1 MB", 3, ["fmt", "--check", large], "no limit");

function print(name, runs, args, limit) {
  const ms = medianMs(runs, [program, ...args]);
  const ratio = (ms / emptyMs).toFixed(2);
  process.stdout.write(`${name}: median of ${runs} is ${ms.toFixed(0)} ms, ${limit}; `);
  process.stdout.write(`node -e 0: ${emptyMs.toFixed(0)} ms; ratio ${ratio}\n`);
}

function medianMs(runs, args) {
  const times = Array.from({ length: runs }, () => {
    const start = process.hrtime.bigint();
    const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "ignore" });
    if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}`);
    return Number(process.hrtime.bigint() - start) / 1e6;
  }).sort((a, b) => a - b);
  return (times[Math.ceil(runs / 2) - 1] + times[Math.floor(runs / 2)]) / 2;
}

function largeSpec(bytes) {
  let text = "";
  for (let index = 0; text.length < bytes; index++) {
    text += `function gelu_${index}(x, scale = ${index}) {\n  let y = erf(x / sqrt(2)) + scale * [1, 2, 3][0]\n`;
    text += `  return 0.5 * x * (1 + y) |> rearrange("b (h d) -> b h d", h = 4)\n}\n\n`;
  }
  return `${text.trimEnd()}\n`;
}
