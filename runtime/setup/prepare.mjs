import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const oldestNode = 20;

/** Makes a clone ready to run: installs what package-lock.json names and bundles the program; does nothing twice. */
export async function prepare() {
  const node = Number(process.versions.node.split(".")[0]);
  if (node < oldestNode) fail(`medctc needs Node ${oldestNode} or newer; this is Node ${process.versions.node}.`);
  if (!isInstalled()) install();
  const { bundle } = await import("./bundle.mjs");
  if ((await bundle(root)) === "built") say("Built dist/medctc.js.");
}

/** True when npm's own record of node_modules has every package of the lock, in the lock's version. */
function isInstalled() {
  const record = join(root, "node_modules/.package-lock.json");
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, "utf8")).packages;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  return Object.entries(wanted).every(
    ([path, entry]) => path === "" || entry.optional === true || installed[path]?.version === entry.version,
  );
}

/**
 * Installs with the npm that runs this script and the user's own settings, so the registry is the user's too. `npm ci`
 * would refuse a lock that lacks the optional packages of some platform, and a registry need not serve them all;
 * `npm install --no-save` takes the same locked versions and leaves the lock alone.
 */
function install() {
  say("Installing the packages that package-lock.json names (once; some seconds to a minute) ...");
  const npm = process.env.npm_execpath;
  const flags = [
    "install",
    "--no-save",
    "--include=dev",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ];
  const [command, ...args] = npm?.endsWith("js") ? [process.execPath, npm, ...flags] : ["npm", ...flags];
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    shell: command === "npm" && process.platform === "win32",
  });
  if (error !== undefined) fail(`npm could not be started: ${error.message}. It comes with Node.`);
  if (status !== 0) fail("npm install failed. Its message is above; check the network and `npm config get registry`.");
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await prepare();
