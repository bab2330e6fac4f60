import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, lstatSync, readdirSync, statfsSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { kindOfPath, storageProblem } from "../files/index.ts";
import { availableBytes, cacheFolder, hasGpuDriver } from "../machine/index.ts";
import { sentence } from "../text/index.ts";
import { chooseBackend } from "./choose.ts";
import { backends } from "./list.ts";
import { inspectOnnx } from "./onnx/index.ts";
import { deviceWords, findPython, installCommand, probeTorch } from "./pytorch/index.ts";
import { tensorflow as tensorflowBackend } from "./tensorflow/backend.ts";
import {
  environmentOfTensorflow,
  type Flavour,
  gpuNeeds,
  hasKernels,
  inspectNative,
  type NativeState,
  type NotReady,
  nativeFiles,
  type Probe,
  probeNative,
  repairOf,
  unsupportedNode,
  versions,
} from "./tensorflow/native/index.ts";

/** One thing that commands run on. */
export interface Finding {
  readonly what: string;
  readonly state: "ok" | "missing" | "broken";
  readonly detail: string;
  /** The one command that repairs it. */
  readonly repair: string | null;
}

/** Looks at all that commands run on; TensorFlow is loaded in a process of its own, so that a broken one is only an answer. */
export function findings(): readonly Finding[] {
  const cpu = tried("cpu");
  const gpu = tried("gpu");
  const isGpuOfInterest = hasGpuDriver() || existsSync(nativeFiles("gpu").folder);
  return [
    node(),
    ok("machine", `${process.platform} ${process.arch}, ${availableParallelism()} threads, ${memory()}`),
    compiler(),
    python(),
    cache(),
    tensorflow("TensorFlow", cpu),
    ...(isGpuOfInterest ? [tensorflow("TensorFlow for GPUs", gpu)] : []),
    onnxRuntime(),
    pytorch(),
    backend(gpu.kind === "ready" ? gpu : cpu),
  ];
}

/** An installed TensorFlow that was loaded as well. */
type Tried =
  | { readonly kind: "ready"; readonly flavour: Flavour; readonly probe: Extract<Probe, { kind: "runs" }> }
  | NotReady;

function tried(flavour: Flavour): Tried {
  const files = nativeFiles(flavour);
  const state: NativeState = inspectNative(files);
  if (state.kind !== "ready") return state;
  const probe = probeNative(files);
  if (probe.kind === "runs") return { kind: "ready", flavour, probe };
  return { kind: "broken", reason: `it cannot be loaded: ${probe.reason}`, repair: repairOf(files) };
}

function tensorflow(what: string, state: Tried): Finding {
  if (state.kind !== "ready") {
    const { kind, reason, repair } = state;
    return { what, state: kind === "missing" ? "missing" : "broken", detail: reason, repair };
  }
  const { version, device } = state.probe;
  const operations = process.env["TF_NUM_INTEROP_THREADS"] ?? environmentOfTensorflow.TF_NUM_INTEROP_THREADS;
  const threads = process.env["TF_NUM_INTRAOP_THREADS"] ?? availableParallelism();
  const own = hasKernels(nativeFiles(state.flavour)) ? ", operations of medctc's own" : "";
  const detail = `${version} by tfjs-node-gpu ${versions.tfjs}, on the ${device}, ${operations} operation at a time on ${threads} threads${own}`;
  const idle = state.flavour === "gpu" && device === "CPU" ? `; it found no GPU, which needs ${gpuNeeds}` : "";
  return ok(what, detail + idle);
}

function backend(state: Tried): Finding {
  // TensorFlow was tried already, in a process of its own.
  const chosen = chooseBackend("auto", backends, (each) => {
    if (each !== tensorflowBackend) return each.inspect();
    return state.kind === "ready" ? { kind: "ready" } : { ...state, kind: "unavailable" };
  });
  if (chosen.kind === "unavailable") {
    return { what: "backend", state: "broken", detail: chosen.reason, repair: chosen.repair };
  }
  if (chosen.backend !== tensorflowBackend || state.kind !== "ready") {
    return ok("backend", chosen.note ?? chosen.backend.title);
  }
  return ok("backend", `native TensorFlow, on the ${state.probe.device}`);
}

function node(): Finding {
  const unsupported = unsupportedNode(process.versions.node);
  if (unsupported === null) return ok("Node", `${process.versions.node}, which the addon serves`);
  return { what: "Node", state: "broken", detail: unsupported.reason, repair: unsupported.repair };
}

function memory(): string {
  const [total, available] = [totalmem(), availableBytes()].map((bytes) => (bytes / 2 ** 30).toFixed(1));
  return `${total ?? ""} GiB of memory, ${available ?? ""} GiB of it available`;
}

function compiler(): Finding {
  const command = process.env["CXX"] ?? "c++";
  const said = firstLine(command, ["--version"]);
  if (said !== null) return ok("C++ compiler", said);
  const detail = `${command} cannot be started; only \`medctc backend install\` needs it`;
  return { what: "C++ compiler", state: "missing", detail, repair: "apt-get install g++" };
}

function python(): Finding {
  const said = firstLine("python3", ["-m", "pip", "--version"]);
  if (said !== null) return ok("Python", said);
  const detail = "python3 with pip cannot be started; only `medctc backend install` needs it";
  return { what: "Python", state: "missing", detail, repair: "apt-get install python3-pip" };
}

function firstLine(command: string, args: readonly string[]): string | null {
  const { status, stdout } = spawnSync(command, args, { stdio: ["ignore", "pipe", "ignore"], encoding: "utf8" });
  return status === 0 ? (stdout.split("\n")[0] ?? "") : null;
}

/** The cache folder, or the nearest folder above it as long as it was not made. */
function cache(): Finding {
  const folder = cacheFolder();
  try {
    let nearest = folder;
    while (!existsSync(nearest)) nearest = dirname(nearest);
    if (kindOfPath(nearest) !== "folder") return brokenCache(folder, `${nearest} is not a folder`);
    accessSync(nearest, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = statfsSync(nearest);
    const used = existsSync(folder) ? sizeOf(folder) : 0;
    return ok("cache", `${folder}, ${gigabytes(used)} in it, ${gigabytes(bavail * bsize)} of disk free`);
  } catch (error) {
    const problem = storageProblem(folder, error);
    return brokenCache(folder, problem.subject === folder ? problem.message : sentence(problem));
  }
}

function brokenCache(folder: string, why: string): Finding {
  const repair = "export MEDCTC_CACHE=FOLDER";
  return { what: "cache", state: "broken", detail: `${folder} cannot be written: ${why}`, repair };
}

/** The bytes of all files in a folder and below. Links are not followed: they may lead round in a circle. */
function sizeOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((bytes, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return bytes + sizeOf(path);
    // What is removed meanwhile counts nothing.
    return bytes + (lstatSync(path, { throwIfNoEntry: false })?.size ?? 0);
  }, 0);
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

function onnxRuntime(): Finding {
  const what = "ONNX Runtime";
  const state = inspectOnnx();
  if (state.kind === "ready") return ok(what, `onnxruntime-node ${state.version}, on the CPU`);
  return { what, state: "missing", detail: state.reason, repair: state.repair };
}

function pytorch(): Finding {
  const what = "PyTorch";
  const found = findPython(null);
  if (found.kind === "unavailable") {
    const { reason, repair, isBroken } = found;
    return { what, state: isBroken ? "broken" : "missing", detail: reason, repair };
  }
  const { python, torch } = found;
  const probe = probeTorch(found);
  if (probe.kind === "fails") {
    const repair = (process.env["MEDCTC_PYTHON"] ?? "") === "" ? installCommand : "unset MEDCTC_PYTHON";
    return { what, state: "broken", detail: `${python} cannot import it: ${probe.reason}`, repair };
  }
  return ok(what, `${torch} in ${python}, on ${deviceWords(found, probe.devices)}`);
}

function ok(what: string, detail: string): Finding {
  return { what, state: "ok", detail, repair: null };
}
