import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { root } from "../../runtime/setup/prepare.mjs";

/** The Python of a virtual environment with some packages, made once in medctc's cache under a name. */
export function pythonWith(name, packages) {
  const { MEDCTC_CACHE, XDG_CACHE_HOME } = process.env;
  const cache = MEDCTC_CACHE || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "medctc");
  const environment = join(cache, "python", name);
  const installed = join(environment, "installed");
  const inside = join(environment, "bin/python");
  if (existsSync(installed)) return inside;
  process.stdout.write(`Installing ${packages.join(", ")} for Python (once; some minutes) ...\n`);
  mkdirSync(join(cache, "python"), { recursive: true });
  rmSync(environment, { recursive: true, force: true });
  run("python3", ["-m", "venv", environment]);
  run(inside, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages]);
  // Last, so that an install that was cut off is made again.
  mkdirSync(installed);
  return inside;
}

/** A Python with PyTorch and PEFT: the one that PEFT_PYTHON names, or one of its own, which takes 6 GB of disk. */
export function pythonWithPeft() {
  const packages = ["torch==2.15.0", "transformers==5.24.0", "peft==0.21.2"];
  return process.env.PEFT_PYTHON || pythonWith("peft==0.21.2-torch==2.15.0", packages);
}

/** Runs a command and ends this process when it fails. */
export function run(command, args, stdout = "ignore") {
  const { status, error, stderr } = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", stdout, "pipe"],
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2", TF_NUM_INTEROP_THREADS: "1" },
    encoding: "utf8",
  });
  if (error === undefined && status === 0) return;
  process.stderr.write(`${command} ${args.join(" ")} ended with ${error?.message ?? status}\n${stderr ?? ""}`);
  process.exit(1);
}
