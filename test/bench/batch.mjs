import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { prepare, root } from "../../runtime/setup/prepare.mjs";

const spec = "specs/medct-small.vlm";

/** The time of a training step against its batch: in all, and for each row. */
await prepare();
for (let batch = 1; batch <= 32; batch *= 2) {
  const args = [
    "bench",
    spec,
    "--batch",
    String(batch),
    "--backend",
    "tensorflow",
    "--steps",
    "30",
    "--warmup",
    "5",
    "--json",
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "dist/medctc.js"), ...args], {
    cwd: root,
    encoding: "utf8",
  });
  if (status !== 0) {
    process.stdout.write(`medctc bench ${spec}: left out; ${stderr.trim().split("\n")[0]}\n`);
    break;
  }
  const { steps, memory } = JSON.parse(stdout);
  const row = (steps.medianMs / batch).toFixed(2);
  const mib = (memory.peakBytes / 2 ** 20).toFixed(0);
  process.stdout.write(
    `medctc bench ${spec}, batch ${batch}: median of ${steps.count} is ${steps.medianMs.toFixed(1)} ms, ${row} ms a row, ${mib} MiB\n`,
  );
}
