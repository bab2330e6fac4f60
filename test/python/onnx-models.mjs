import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepare, root } from "../../runtime/setup/prepare.mjs";
import { pythonWith, run } from "./environment.mjs";

const packages = ["onnx==1.23.0", "onnxruntime==1.32.0", "safetensors"];
const spec = "specs/medct-small.vlm";
const fixture = "test/fixtures/ctclip-small";

/** Python's onnx checks every exported program, and its ONNX Runtime gives what the reference evaluator gives. */
await prepare();
const python = pythonWith(packages.slice(0, 2).join("-"), packages);
const folder = mkdtempSync(join(tmpdir(), "medctc-onnx-"));
try {
  const medctc = join(root, "dist/medctc.js");
  const weights = ["--weights", `${fixture}/weights.safetensors`, "--adapter", `${fixture}/lora.safetensors`];
  const model = join(folder, "model");
  run(process.execPath, [medctc, "export", spec, "--onnx", model, ...weights]);
  const { stdout } = spawnSync(process.execPath, [medctc, "params", spec, "--json"], { cwd: root, encoding: "utf8" });
  const names = join(folder, "names.json");
  const trained = JSON.parse(stdout).parameters.filter(({ trainable }) => trainable);
  writeFileSync(names, JSON.stringify(Object.fromEntries(trained.map(({ path, checkpoint }) => [path, checkpoint]))));
  const expected = ["forward", "encode_image", "encode_text", "step"].map((program) => {
    const file = join(folder, `${program}.safetensors`);
    run(process.execPath, [
      ...[medctc, "run", spec, program, ...weights],
      ...["--feeds", `${fixture}/batch.safetensors`, "--backend", "evaluator", "-o", file],
    ]);
    return file;
  });
  for (const flag of ["--merge", "--dynamic-batch"]) {
    const variant = join(folder, flag.slice(2));
    run(process.execPath, [medctc, "export", spec, "--onnx", variant, ...weights, flag]);
    const same = ["forward", "encode_image", "encode_text"].map((program) => join(folder, `${program}.safetensors`));
    const about = [`${fixture}/batch.safetensors`, `${fixture}/lora.safetensors`, names];
    run(python, [join(root, "test/python/check_onnx.py"), variant, ...about, ...same], "inherit");
  }
  const given = [`${fixture}/batch.safetensors`, `${fixture}/lora.safetensors`, names];
  run(python, [join(root, "test/python/check_onnx.py"), model, ...given, ...expected], "inherit");
} finally {
  rmSync(folder, { recursive: true });
}
