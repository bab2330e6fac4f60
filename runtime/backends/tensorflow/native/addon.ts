import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { bundledFile, findBundledFile } from "../../../files/index.ts";
import { runCommand, SetupError } from "../../install/index.ts";
import type { NativeFiles } from "./native-files.ts";
import { versions } from "./versions.ts";

const tfjs = "@tensorflow/tfjs-node-gpu";
const headers = "node-api-headers";

/**
 * Fetches the packages that the addon is built from through npm, unless they are installed beside medctc, as in a clone. They
 * take 280 MB, so that only who wants native TensorFlow has them, and their own install scripts are not run.
 */
export function fetchPackages(files: NativeFiles, say: (line: string) => void): void {
  if ([tfjs, headers].every((name) => findFolder(files, name) !== null)) return;
  say("Fetching tfjs-node-gpu through npm ...");
  mkdirSync(files.fetched, { recursive: true });
  const flags = ["--prefix", files.fetched, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const packages = [`${tfjs}@${versions.tfjs}`, `${headers}@${versions.headers}`];
  runCommand("npm", ["install", ...flags, ...packages], {
    problem: "npm could not fetch the packages that the addon is built from",
    help: "check the network and `npm config get registry`, then run this again",
  });
}

/** Puts a copy of tfjs-node-gpu and what was unpacked from the wheel together, so that nothing of the user's node_modules is changed. */
export function assemblePackage(files: NativeFiles, unpacked: string): void {
  const source = folderOf(files, tfjs);
  rmSync(files.modules, { recursive: true, force: true });
  cpSync(source, files.package, { recursive: true, filter: (path) => !path.startsWith(join(source, "node_modules")) });
  const libraries = dirname(files.library);
  mkdirSync(libraries, { recursive: true });
  renameSync(join(unpacked, "tensorflow/include"), join(files.package, "deps/include"));
  for (const path of [files.framework, files.library]) {
    renameSync(join(unpacked, "tensorflow", path.slice(libraries.length + 1)), path);
  }
  const links = [
    ["libtensorflow.so", "libtensorflow_cc.so.2"],
    ["libtensorflow.so.2", "libtensorflow_cc.so.2"],
    ["libtensorflow_framework.so", "libtensorflow_framework.so.2"],
  ] as const;
  for (const [link, target] of links) symlinkSync(target, join(libraries, link));
}

/** What the package requires is found beside it, where links lead to the packages that are installed already. */
export function linkDependencies(files: NativeFiles): void {
  const source = folderOf(files, tfjs);
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
    const link = join(files.modules, name);
    mkdirSync(dirname(link), { recursive: true });
    rmSync(link, { force: true });
    symlinkSync(folderFrom(require, name) ?? missing(name), link);
  }
}

/** What decides how the addon opens models, where that is not left to TensorFlow. */
const ownOptions = "addons/session_options.cc";

/**
 * How the addon is compiled here, for its record: TensorFlow's usual way of opening models, or ours, by a hash of its source. On a
 * GPU Grappler has more to do, such as the layout of convolutions, so TensorFlow keeps it there.
 */
export function sessionOptionsOf({ flavour }: NativeFiles): string {
  const source = flavour === "gpu" ? null : findBundledFile(ownOptions);
  return source === null ? "usual" : createHash("sha256").update(readFileSync(source)).digest("hex");
}

/** Compiles the addon with one call of the C++ compiler, some ten seconds. */
export function compileAddon(files: NativeFiles): void {
  mkdirSync(dirname(files.addon), { recursive: true });
  const isUsual = sessionOptionsOf(files) === "usual";
  const includes = [".", "..", "deps/include", headersFolder(files)].map((path) => `-I${path}`);
  const sources = ["binding/tfjs_backend.cc", "binding/tfjs_binding.cc", ...(isUsual ? [] : [bundledFile(ownOptions)])];
  const libraryFlags = ["-Ldeps/lib", "-ltensorflow", "-ltensorflow_framework", "-Wl,-rpath,$ORIGIN/../../deps/lib"];
  const flags = ["-O2", "-std=c++17", "-shared", "-fPIC", "-DNAPI_VERSION=8"];
  if (!isUsual) flags.push("-DTF_NewSessionOptions=MedctcSessionOptions");
  // Programs that run keep the addon that they have loaded.
  const made = `${files.addon}.new`;
  runCommand(process.env["CXX"] ?? "c++", [...flags, ...includes, ...sources, "-o", made, ...libraryFlags], {
    problem: "the addon could not be compiled",
    help: "a C++ compiler is needed (Debian: apt-get install g++), or the one that CXX names",
    folder: files.package,
  });
  renameSync(made, files.addon);
}

/** Where Node's own headers are. */
export function headersFolder(files: NativeFiles): string {
  return join(folderOf(files, headers), "include");
}

/** The folder of a package that is installed beside medctc, or was fetched. */
function folderOf(files: NativeFiles, name: string): string {
  return findFolder(files, name) ?? missing(name);
}

function findFolder({ fetched }: NativeFiles, name: string): string | null {
  const places = [import.meta.url, join(fetched, "package.json")];
  return places.map((place) => folderFrom(createRequire(place), name)).find((folder) => folder !== null) ?? null;
}

/** Some packages do not export their package.json, so it is looked for from an entry up. */
function folderFrom(require: NodeJS.Require, name: string): string | null {
  const folders = (require.resolve.paths(name) ?? []).map((folder) => join(folder, name));
  return folders.find((folder) => existsSync(join(folder, "package.json"))) ?? null;
}

function missing(name: string): never {
  throw new SetupError(`the package ${name} is not installed`, "run: medctc backend install");
}
