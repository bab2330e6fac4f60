import { spawnSync } from "node:child_process";
import { SetupError } from "../install/index.ts";

/** These would have packages elsewhere than in the environment, or take those of another Python for its own. */
const misleading = ["PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"];

/**
 * Installs a package into the environment of a Python by pip with its user's settings: index, proxy, certificates. Its progress
 * goes to standard error. Gives false where the package index has no such version for this machine and Python; throws a
 * SetupError where anything else keeps it from it.
 */
export function pipInstall(python: string, requirement: string): boolean {
  const { status, signal, error, stderr } = spawnSync(
    python,
    ["-m", "pip", "install", "--no-user", "--disable-pip-version-check", requirement],
    {
      stdio: ["ignore", 2, "pipe"],
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !misleading.includes(name))),
      encoding: "utf8",
    },
  );
  if (error !== undefined) throw new SetupError(`pip could not be started: ${error.message}`, "medctc doctor");
  if (status === 0) return true;
  if (stderr.includes(`No matching distribution found for ${requirement}`)) return false;
  const last = stderr.trim().split("\n").slice(-3).join("\n");
  const how = signal === null ? "" : ` (${signal})`;
  throw new SetupError(
    `pip could not install ${requirement}${how}${last === "" ? "" : `:\n${last}`}`,
    "look at the network, the disk and pip's settings (pip config list), and run this again; nothing was changed",
  );
}
