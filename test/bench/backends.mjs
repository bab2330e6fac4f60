import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { prepare, root } from "../../runtime/setup/prepare.mjs";

/** A training step in ONNX Runtime beside TensorFlow's, of a small and of a middle-sized model, in turn. */
await prepare();
for (const spec of ["specs/medct-small.vlm", "test/bench/middle.vlm"]) {
  const times = { tensorflow: [], onnx: [] };
  for (let round = 0; round < 3; round++)
    for (const backend of Object.keys(times)) times[backend].push(stepMs(spec, backend));
  const [tensorflow, onnx] = [median(times.tensorflow), median(times.onnx)];
  const ratio = (onnx / tensorflow).toFixed(2);
  process.stdout.write(
    `${spec}: a step takes ${tensorflow.toFixed(1)} ms in TensorFlow, ${onnx.toFixed(1)} ms in ONNX Runtime: ${ratio}\n`,
  );
}

function stepMs(spec, backend) {
  const args = ["bench", spec, "--backend", backend, "--steps", "10", "--warmup", "3", "--json"];
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "dist/medctc.js"), ...args], {
    cwd: root,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`medctc ${args.join(" ")} ended with ${status}\n${stderr}`);
  return JSON.parse(stdout).steps.medianMs;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
