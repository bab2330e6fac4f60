import { spawnSync } from "node:child_process";
import * as v from "valibot";
import { pytorchReleases } from "../../../compiler/index.ts";
import { readOwnJson } from "../../json/index.ts";
import { hasGpuDriver } from "../../machine/index.ts";
import { installedPython, installedTorch } from "./environment.ts";
import { lookScript, probeScript } from "./python-scripts.ts";

/** A Python with a PyTorch that packages support, or why there is none and what to do about it. */
export type FoundPython = ReadyPython | MissingPython;

export interface ReadyPython {
  readonly kind: "ready";
  /** The path of its program. */
  readonly python: string;
  /** The version of PyTorch, such as 2.15.0+cpu. */
  readonly torch: string;
  /** The version of CUDA that it was built for; null for a build for CPUs. Whether a GPU is there is not looked at. */
  readonly cuda: string | null;
}

export interface MissingPython {
  readonly kind: "unavailable";
  readonly reason: string;
  /** A command that changes that. */
  readonly repair: string;
  /** Whether one was named or installed, and is not as it has to be. */
  readonly isBroken: boolean;
}

export const installCommand = "medctc backend install pytorch";

/** Where a Python was named, or found. */
type Origin = "--python" | "MEDCTC_PYTHON" | "installed" | "PATH";

/**
 * Finds the Python that trains: the one that is wanted (`--python`), else the one that MEDCTC_PYTHON names, else the first that has
 * a supported PyTorch of the environment that `medctc backend install pytorch` made and python3. One that a user has named is
 * used or refused, and nothing else is tried. It is run and does not import PyTorch: that takes some ten milliseconds.
 */
export function findPython(wanted: string | null): FoundPython {
  if (wanted !== null) return verdict(wanted, "--python");
  const named = process.env["MEDCTC_PYTHON"] ?? "";
  if (named !== "") return verdict(named, "MEDCTC_PYTHON");
  const installed = installedPython();
  const own = installed === null ? null : verdict(installed, "installed");
  if (own?.kind === "ready") return own;
  const onPath = verdict("python3", "PATH");
  return onPath.kind === "ready" ? onPath : (own ?? onPath);
}

function verdict(command: string, origin: Origin): FoundPython {
  const looked = runPython(command, lookScript, found, lookMs);
  const unavailable = (reason: string): MissingPython => ({
    kind: "unavailable",
    reason: origin === "MEDCTC_PYTHON" ? `${reason} (MEDCTC_PYTHON)` : reason,
    repair: repairOf(origin, looked.kind === "said" ? looked.said.python : null),
    isBroken: origin !== "PATH",
  });
  switch (looked.kind) {
    case "failed":
      return unavailable(origin === "PATH" ? nothingFound : `${command} cannot be used: ${looked.reason}`);
    case "said": {
      const { python, version, torch, cuda } = looked.said;
      if (torch === null) {
        return unavailable(origin === "PATH" ? nothingFound : `${python} (Python ${version}) has no PyTorch`);
      }
      if (!isSupported(torch)) {
        return unavailable(`${python} has PyTorch ${torch}, and medctc supports ${pytorchReleases.join(" and ")}`);
      }
      return { kind: "ready", python, torch, cuda };
    }
  }
}

const nothingFound = "there is no Python with PyTorch";

/** A Python that a user has named is theirs: it gets a PyTorch, or another one is named. */
function repairOf(origin: Origin, python: string | null): string {
  switch (origin) {
    case "installed":
    case "PATH":
      return installCommand;
    case "--python":
    case "MEDCTC_PYTHON":
      if (python !== null) return `${python} -m pip install torch==${installedTorch}`;
      return origin === "--python" ? "the same command with another --python" : "unset MEDCTC_PYTHON";
  }
}

/** Whether packages support a version of PyTorch: they look at the first two numbers of it. */
function isSupported(version: string): boolean {
  const release = /^\d+\.\d+/.exec(version)?.[0];
  return pytorchReleases.some((each) => each === release);
}

/** What a PyTorch that was imported says of itself. */
export type TorchProbe =
  /** The names of the GPUs that it computes on; none where it has the CPU alone. */
  { readonly kind: "runs"; readonly devices: readonly string[] } | { readonly kind: "fails"; readonly reason: string };

/** Tries a found PyTorch, which takes seconds. */
export function probeTorch({ python }: ReadyPython): TorchProbe {
  const probed = runPython(python, probeScript, v.object({ devices: v.array(v.string()) }), probeMs);
  return probed.kind === "said"
    ? { kind: "runs", devices: probed.said.devices }
    : { kind: "fails", reason: probed.reason };
}

/** What a PyTorch that runs computes on. */
export function deviceWords({ cuda }: ReadyPython, devices: readonly string[]): string {
  if (devices.length > 0) return devices.join(", ");
  if (!hasGpuDriver()) return "the CPU";
  if (cuda === null) return "the CPU: this build has no CUDA";
  return `the CPU: it found no GPU, which needs a driver for CUDA ${cuda}`;
}

const found = v.object({
  python: v.string(),
  version: v.string(),
  torch: v.nullable(v.string()),
  cuda: v.nullable(v.string()),
});

/** The first look at a folder on a busy network disk takes seconds, and the first import from there minutes. */
const lookMs = 30_000;
const probeMs = 180_000;

type Said<Value> =
  | { readonly kind: "said"; readonly said: Value }
  | { readonly kind: "failed"; readonly reason: string };

/** Runs a Python program that prints `found:` and JSON. */
function runPython<Schema extends v.GenericSchema>(
  command: string,
  script: string,
  schema: Schema,
  timeout: number,
): Said<v.InferOutput<Schema>> {
  const ended = spawnSync(command, ["-c", script], {
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    timeout,
    killSignal: "SIGKILL",
  });
  const { stdout, stderr, status, signal, error } = ended;
  if (error !== undefined) return { kind: "failed", reason: whyNotRun(error, timeout) };
  const said = readOwnJson(/^found:(.*)$/m.exec(stdout)?.[1] ?? "null", schema);
  if (status === 0 && said !== null) return { kind: "said", said };
  if (signal !== null) return { kind: "failed", reason: `its process was ended by ${signal}` };
  const last = stderr.trim().split("\n").at(-1) ?? "";
  const how = status === 0 ? "it does not answer as a Python does" : `its process ended with ${status ?? "nothing"}`;
  return { kind: "failed", reason: last === "" ? how : last };
}

function whyNotRun(error: NodeJS.ErrnoException, timeout: number): string {
  switch (error.code) {
    case "ENOENT":
      return "there is no such program";
    case "EACCES":
      return "it cannot be executed";
    case "ETIMEDOUT":
      return `it did not answer within ${timeout / 1000} seconds`;
    default:
      return error.message;
  }
}
