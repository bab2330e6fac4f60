import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "../../runtime/backends/install/index.ts";
import { cacheFolder } from "../../runtime/machine/index.ts";
import { outputOf } from "../command.ts";

/** The Python of a virtual environment with some packages, made once in medctc's cache under a name. */
export function pythonWith(name: string, packages: readonly string[]): string {
  const environment = join(cacheFolder(), "python", name);
  const installed = join(environment, "installed");
  const inside = join(environment, "bin/python");
  if (existsSync(installed)) return inside;
  // Files of tests that run beside this one may ask for the same.
  withLock(
    join(cacheFolder(), "python"),
    (line) => process.stdout.write(`${line}\n`),
    () => {
      if (existsSync(installed)) return;
      process.stdout.write(`Installing ${packages.join(", ")} for Python (once; some minutes) ...\n`);
      rmSync(environment, { recursive: true, force: true });
      outputOf("python3", ["-m", "venv", environment]);
      outputOf(inside, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages]);
      // Last, so that an install that was cut off is made again.
      mkdirSync(installed);
    },
  );
  return inside;
}

/** A Python with PyTorch and PEFT: the one that PEFT_PYTHON names, or one of its own, which takes 6 GB of disk. */
export function pythonWithPeft(): string {
  const packages = ["torch==2.15.0", "transformers==5.24.0", "peft==0.21.2"];
  return process.env["PEFT_PYTHON"] || pythonWith("peft==0.21.2-torch==2.15.0", packages);
}

/**
 * A Python with what CT-CLIP's own code, its data sets and PEFT need: the one that CTCLIP_PYTHON names, or one of its own, which
 * takes 6 GB of disk.
 */
export function pythonWithCtclip(): string {
  const model = ["torch==2.15.0", "transformers==5.24.0", "peft==0.21.2", "einops==0.8.2", "beartype==0.23.1"];
  const data = ["nibabel==5.4.2", "pandas==3.1.1", "tqdm==4.70.1", "safetensors==0.8.0"];
  const packages = [...model, "vector-quantize-pytorch==1.1.2", ...data];
  return process.env["CTCLIP_PYTHON"] || pythonWith("ctclip-torch==2.15.0", packages);
}

/** Runs a script of this folder and prints what it prints. */
export function check(python: string, script: string, ...words: readonly string[]): void {
  const env = { TF_CPP_MIN_LOG_LEVEL: "2", TF_NUM_INTEROP_THREADS: "1" };
  process.stdout.write(outputOf(python, [join("test/python", script), ...words], { env }));
}
