import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { prepare, root } from "./prepare.mjs";

/**
 * What `npm start` does: makes the clone ready, makes a data set, compiles a small reference, trains its adapters with the
 * best backend that is there, evaluates before and after, and exports. It prints every command that it runs.
 */
const folder = "runs/start";
const spec = "examples/synthetic/thorax.vlm";
const encoders = `${folder}/encoders.safetensors`;
const started = Date.now();

await prepare();
mkdirSync(join(root, folder), { recursive: true });
medctc("compile", "specs/medct.vlm");
medctc("data", "synth", `${folder}/ct`, "--pairs", "240", "--valid", "80", "--seed", "3");
if (!existsSync(join(root, encoders))) {
  const pretraining = "examples/synthetic/pretraining.vlm";
  medctc("data", "synth", `${folder}/other-patients`, "--pairs", "480", "--valid", "1", "--seed", "2");
  // What was begun goes on.
  medctc("train", pretraining, "--data", `${folder}/other-patients`, "-o", `${folder}/pretraining`, "--resume");
  medctc("export", pretraining, "--adapter", `${folder}/pretraining`, "--safetensors", encoders);
}
rmSync(join(root, folder, "adapters"), { recursive: true, force: true });
const given = ["--weights", encoders, "--allow-missing", "heads.*"];
medctc("compile", spec);
medctc("train", spec, "--data", `${folder}/ct`, ...given, "-o", `${folder}/adapters`);
medctc("export", spec, ...given, "--adapter", `${folder}/adapters`, "--merge", "--onnx", `${folder}/onnx`);
const seconds = Math.round((Date.now() - started) / 1000);
process.stdout.write(`\nDone in ${seconds} s. Open ${folder}/adapters/report.html in a browser.\n`);

/** Runs a command as a user types it, and ends with it when it fails. */
function medctc(...words) {
  process.stdout.write(`\n$ medctc ${words.join(" ")}\n`);
  const { status } = spawnSync(process.execPath, [join(root, "dist/medctc.js"), ...words], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status !== 0) process.exit(status ?? 1);
}
