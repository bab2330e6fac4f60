import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { requireDisk, runCommand, SetupError, withLock } from "../install/index.ts";
import { environmentFolder, installedPython, installedTorch, pythonIn } from "./environment.ts";
import { pipInstall } from "./pip.ts";
import { deviceWords, findPython, probeTorch, type ReadyPython } from "./python.ts";

/** Which build of PyTorch: the one for CPUs alone, or the one that has CUDA, which computes on CPUs as well. */
export type TorchBuild = "cpu" | "cuda";

export interface EnvironmentWish {
  /** The Python that the environment is made of. */
  readonly python: string;
  /** The build that is asked for; null for the one that fits the machine. */
  readonly build: TorchBuild | null;
  /** Whether the machine has a GPU. */
  readonly hasGpu: boolean;
}

/** Bytes of disk that an environment needs. */
const diskBytes: Readonly<Record<TorchBuild, number>> = { cpu: 1_500_000_000, cuda: 6_000_000_000 };

/**
 * Makes an environment for PyTorch in the cache, with pip. One that is there and runs is left alone unless it has the other build
 * than is asked for. It is made in a folder of its own, to which a link leads once it has run; what an interrupted install
 * left is removed by the next one. Throws a SetupError where something on the machine is missing.
 */
export function installPytorch(wish: EnvironmentWish, say: (line: string) => void): void {
  const folder = environmentFolder();
  const there = installedEnvironment(wish.build);
  if (there !== null) {
    say(`PyTorch ${there.torch} is there already: ${folder}`);
    return;
  }
  withLock(dirname(folder), say, () => {
    // The one that was waited for may have done it.
    const made = installedEnvironment(wish.build) ?? makeEnvironment(wish, folder, say);
    say(`PyTorch ${made.torch} is ready in ${folder}, on ${deviceWords(made, made.devices)}`);
  });
}

interface Environment extends ReadyPython {
  readonly devices: readonly string[];
}

/** What is installed, when it runs and is of a build that is asked for. */
function installedEnvironment(build: TorchBuild | null): Environment | null {
  const python = installedPython();
  if (python === null) return null;
  const found = tried(python);
  if (found.kind === "fails" || (build !== null && build !== buildOf(found))) return null;
  return found;
}

function buildOf({ cuda }: ReadyPython): TorchBuild {
  return cuda === null ? "cpu" : "cuda";
}

function tried(python: string): Environment | { readonly kind: "fails"; readonly reason: string } {
  const found = findPython(python);
  if (found.kind === "unavailable") return { kind: "fails", reason: found.reason };
  const probe = probeTorch(found);
  return probe.kind === "runs" ? { ...found, devices: probe.devices } : probe;
}

function makeEnvironment(wish: EnvironmentWish, folder: string, say: (line: string) => void): Environment {
  const place = emptyPlace(folder);
  const wanted = wish.build ?? (wish.hasGpu ? "cuda" : "cpu");
  requireDisk(place, diskBytes[wanted]);
  say(`Making an environment of ${wish.python} ...`);
  runCommand(wish.python, ["-m", "venv", place], {
    problem: `${wish.python} could not make an environment`,
    help: `install ${pythonNeeded} with venv (Debian: apt-get install python3-venv), or name another Python: --python PYTHON`,
  });
  if (wanted === "cuda") installCuda(pythonIn(place), say);
  else installCpu(pythonIn(place), wish, place, say);
  say("Trying it ...");
  const made = tried(pythonIn(place));
  if (made.kind === "fails") {
    throw new SetupError(
      `PyTorch was installed and does not run: ${made.reason}`,
      "a PyTorch for another machine or C library is the likely cause",
    );
  }
  if (wish.build !== null && buildOf(made) !== wish.build) {
    const other = made.cuda === null ? "for CPUs alone" : `for CUDA ${made.cuda}`;
    throw new SetupError(
      `the package index that pip uses gave PyTorch ${made.torch}, which is ${other}`,
      `${otherIndex}; or leave the option out`,
    );
  }
  lead(folder, place);
  return { ...made, python: pythonIn(folder) };
}

const pythonNeeded = "Python 3.11 or newer";
const otherIndex = "name a package index that has the other build (PIP_INDEX_URL, PIP_EXTRA_INDEX_URL)";

function installCuda(python: string, say: (line: string) => void): void {
  if (process.platform !== "linux") {
    throw new SetupError(`there is no PyTorch with CUDA for ${process.platform} that pip finds by itself`, otherIndex);
  }
  installFromIndex(python, say);
}

/** On Linux the plain version has CUDA, and the one for CPUs alone is on indexes of its own. */
function installCpu(python: string, { build }: EnvironmentWish, place: string, say: (line: string) => void): void {
  if (process.platform !== "linux") {
    installFromIndex(python, say);
    return;
  }
  const version = `${installedTorch}+cpu`;
  say(`Installing PyTorch ${version} with pip (once; some minutes) ...`);
  if (pipInstall(python, `torch==${version}`)) return;
  if (build === "cpu") {
    throw new SetupError(
      `the package index that pip uses has no PyTorch ${version}`,
      `${otherIndex}, or leave --cpu out`,
    );
  }
  say(
    "Taking the build with CUDA, which computes on the CPU as well: the package index that pip uses has no other (6 GB of disk).",
  );
  requireDisk(place, diskBytes.cuda);
  installFromIndex(python, say);
}

function installFromIndex(python: string, say: (line: string) => void): void {
  say(`Installing PyTorch ${installedTorch} with pip (once; some minutes) ...`);
  if (pipInstall(python, `torch==${installedTorch}`)) return;
  throw new SetupError(
    `the package index that pip uses has no PyTorch ${installedTorch} for this Python and machine`,
    `name ${pythonNeeded} with --python, or look at the index: pip config list`,
  );
}

/** A new folder beside the link. Whatever else is there was left by an install that was interrupted, and is removed. */
function emptyPlace(folder: string): string {
  const beside = dirname(folder);
  mkdirSync(beside, { recursive: true });
  const current = targetOf(folder);
  for (const name of readdirSync(beside)) {
    if (name.startsWith(`${basename(folder)}.`) && name !== current) {
      rmSync(join(beside, name), { recursive: true, force: true });
    }
  }
  return mkdtempSync(`${folder}.`);
}

/** Has the link lead to another folder from one moment to the next, and removes the one that it led to. */
function lead(folder: string, place: string): void {
  const earlier = targetOf(folder);
  const link = `${folder}.link`;
  symlinkSync(basename(place), link);
  renameSync(link, folder);
  if (earlier !== null) rmSync(join(dirname(folder), earlier), { recursive: true, force: true });
}

function targetOf(link: string): string | null {
  try {
    return readlinkSync(link);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}
