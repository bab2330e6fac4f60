import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { requireDisk, SetupError, withLock } from "../../install/index.ts";
import {
  assemblePackage,
  compileAddon,
  fetchPackages,
  headersFolder,
  linkDependencies,
  sessionOptionsOf,
} from "./addon.ts";
import { differenceFrom } from "./fingerprint.ts";
import { inspectNative, unsupportedNode } from "./inspect.ts";
import { compileKernels, hasKernels } from "./kernels.ts";
import type { NativeFiles } from "./native-files.ts";
import { probeNative } from "./probe.ts";
import { readRecord, recordedFiles, writeRecord } from "./record.ts";
import { gpuNeeds, versions, type Wheel, wheelFor } from "./versions.ts";
import { fetchWheel, unpackWheel } from "./wheel.ts";

/**
 * Installs native TensorFlow into the cache: its library from the Python wheel, and the addon of tfjs-node-gpu compiled
 * against it. Every step that is done stays done, and what is whole of a broken install is kept. Throws a SetupError where
 * something on the machine is missing.
 */
export function installNative(files: NativeFiles, say: (line: string) => void): void {
  const wheel = wheelFor(process.platform, process.arch, files.flavour);
  if (wheel === null) {
    throw new SetupError(
      `there is no TensorFlow for ${process.platform} ${process.arch} (${files.flavour})`,
      "medctc runs without it, on the reference evaluator",
    );
  }
  const unsupported = unsupportedNode(process.versions.node);
  if (unsupported !== null) throw new SetupError(unsupported.reason, unsupported.repair);
  if (isWholeInstall(files)) {
    say(`Native TensorFlow is there already: ${files.folder}`);
    return;
  }
  withLock(files.folder, say, () => {
    // The one that was waited for may have done it.
    if (isWholeInstall(files)) return;
    fetchPackages(files, say);
    const isReady = inspectNative(files).kind === "ready" && hasSessionOptions(files);
    if (!isReady && !mend(files, say)) build(files, wheel, say);
    if (needsKernels(files)) {
      say("Building operations of medctc's own, which make training faster ...");
      compileKernels(files, headersFolder(files));
    }
  });
  say(`Native TensorFlow ${versions.tensorflow} (${files.flavour}) is ready in ${files.folder}`);
}

function isWholeInstall(files: NativeFiles): boolean {
  return inspectNative(files).kind === "ready" && hasSessionOptions(files) && !needsKernels(files);
}

/** Whether the addon opens models as it would if it were compiled now. */
function hasSessionOptions(files: NativeFiles): boolean {
  const read = readRecord(files.record);
  return read.kind === "record" && read.sessionOptions === sessionOptionsOf(files);
}

function needsKernels(files: NativeFiles): boolean {
  return files.flavour === "cpu" && !hasKernels(files);
}

/** Makes an install whole out of what is there; false when its libraries have to be fetched again. */
function mend(files: NativeFiles, say: (line: string) => void): boolean {
  if (!recordedFiles(files).every(([name, path]) => name === "addon" || isWhole(files, name, path))) return false;
  say("Mending what is there ...");
  linkDependencies(files);
  if (!isWhole(files, "addon", files.addon) || !hasSessionOptions(files)) compileAddon(files);
  const probe = probeNative(files);
  if (probe.kind === "fails") {
    say(`It does not run (${probe.reason}): it is made again.`);
    return false;
  }
  writeRecord(files);
  return true;
}

/** True for a file that is as it was installed; where no record tells, for any that is there: it is tried afterwards. */
function isWhole(files: NativeFiles, name: string, path: string): boolean {
  if (!existsSync(path)) return false;
  const read = readRecord(files.record);
  const recorded = read.kind === "record" ? read.record.get(name) : undefined;
  return recorded === undefined || differenceFrom(path, recorded) === null;
}

function build(files: NativeFiles, wheel: Wheel, say: (line: string) => void): void {
  if (wheel.untried !== null) say(`Untried: ${wheel.untried}. Please report how it goes.`);
  if (files.flavour === "gpu") say(`A GPU is used with ${gpuNeeds}; without them it computes on the CPU.`);
  requireDisk(files.folder, wheel.diskBytes);
  const unpacked = join(files.folder, "unpacked");
  const path = fetchWheel(wheel, files.folder, say);
  say("Unpacking TensorFlow's library and headers ...");
  unpackWheel(path, unpacked);
  say("Building the addon of @tensorflow/tfjs-node-gpu ...");
  assemblePackage(files, unpacked);
  linkDependencies(files);
  compileAddon(files);
  say("Trying it ...");
  const probe = probeNative(files);
  if (probe.kind === "fails") {
    throw new SetupError(
      `the addon was built and does not run: ${probe.reason}`,
      "a TensorFlow for another machine or C library is the likely cause",
    );
  }
  if (files.flavour === "gpu" && probe.device === "CPU") say(`It runs, and found no GPU: it needs ${gpuNeeds}.`);
  writeRecord(files);
  for (const rest of ["wheel", "unpacked"]) rmSync(join(files.folder, rest), { recursive: true, force: true });
}
