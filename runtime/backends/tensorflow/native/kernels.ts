import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { noKernels, type OwnKernels, ownKernels } from "../../../../compiler/index.ts";
import { bundledFile, findBundledFile } from "../../../files/index.ts";
import { runCommand } from "../../install/index.ts";
import type { NativeFiles } from "./native-files.ts";

/** The files that are compiled for every processor alike, and know TensorFlow. */
const operations = ["addon.cc", "product_op.cc", "rows_op.cc"];

interface Variant {
  readonly source: string;
  /** Sets this name in the source. */
  readonly define?: string;
  readonly flags: readonly string[];
  readonly of: readonly string[];
}

/** What is compiled for one instruction set; the fastest row program of those that a processor has runs. */
const variants: readonly Variant[] = [
  { source: "rows.cc", define: "RunTilesPlain", flags: [], of: ["x64", "arm64"] },
  { source: "rows.cc", define: "RunTilesAvx2", flags: ["-march=x86-64-v3"], of: ["x64"] },
  {
    source: "rows.cc",
    define: "RunTilesAvx512",
    flags: ["-march=x86-64-v4", "-mprefer-vector-width=512"],
    of: ["x64"],
  },
  { source: "product.cc", flags: ["-march=x86-64-v3"], of: ["x64"] },
  { source: "product.cc", flags: [], of: ["arm64"] },
];

const headers = ["functions.h", "operations.h", "product.h", "program.h", "tensorflow.h", "threads.h"];
const sources = [...headers, ...operations, ...new Set(variants.map(({ source }) => source))];

/**
 * The addon that teaches TensorFlow our operations. Its name has the sources' hash: another medctc, with other sources, makes
 * its own beside it.
 */
export function kernelsAddon({ addon }: NativeFiles): string {
  const hash = createHash("sha256");
  for (const name of sources) hash.update(readFileSync(sourceFile(name)));
  return join(dirname(addon), `medctc_kernels-${hash.digest("hex").slice(0, 16)}.node`);
}

/** Whether TensorFlow has our operations where it is installed. */
export function hasKernels(files: NativeFiles): boolean {
  return compiledAddon(files) !== null;
}

/** The addon where it is compiled; there is none for a GPU, nor for a checkout that was not built. */
function compiledAddon(files: NativeFiles): string | null {
  if (files.flavour !== "cpu" || findBundledFile("addons/addon.cc") === null) return null;
  const addon = kernelsAddon(files);
  return existsSync(addon) ? addon : null;
}

/** Compiles the addon against an installed TensorFlow, in some ten seconds. Throws a SetupError. */
export function compileKernels(files: NativeFiles, nodeHeaders: string): void {
  const folder = mkdtempSync(join(tmpdir(), "medctc-kernels-"));
  const compiler = process.env["CXX"] ?? "c++";
  const deps = join(files.package, "deps");
  // Neither makes a result that is not a number look like one.
  const flags = ["-O3", "-std=c++17", "-fPIC", "-fno-math-errno", "-fno-trapping-math"];
  const notes = {
    problem: "medctc's own operations could not be compiled",
    help: "a C++ compiler is needed (Debian: apt-get install g++), or the one that CXX names",
    folder: dirname(sourceFile("addon.cc")),
  };
  try {
    const objects = variants
      .filter(({ of }) => of.includes(process.arch))
      .map(({ source, define, flags: own }) => {
        const object = join(folder, `${define ?? source}.o`);
        const named = define === undefined ? [] : [`-DMEDCTC_RUN_TILES=${define}`];
        runCommand(compiler, [...flags, ...own, ...named, "-c", source, "-o", object], notes);
        return object;
      });
    const includes = [`-I${join(deps, "include")}`, `-I${nodeHeaders}`];
    const addon = kernelsAddon(files);
    const made = `${addon}.new`;
    const libraries = [`-L${join(deps, "lib")}`, "-ltensorflow", "-ltensorflow_framework", "-lpthread"];
    const link = [...libraries, "-Wl,-rpath,$ORIGIN/../../deps/lib"];
    runCommand(compiler, [...flags, ...includes, "-shared", ...operations, ...objects, "-o", made, ...link], notes);
    renameSync(made, addon);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Teaches a loaded TensorFlow our operations, where they are there, and says which of them are worth having on this
 * processor; what cannot be loaded is as if it were not.
 */
export function loadKernels(files: NativeFiles): OwnKernels {
  const addon = compiledAddon(files);
  if (addon === null) return noKernels;
  try {
    const loaded: unknown = createRequire(files.record)(addon);
    const found =
      typeof loaded === "object" && loaded !== null && "hasFasterProducts" in loaded && loaded.hasFasterProducts;
    return found === true ? ownKernels : { ...ownKernels, products: "none" };
  } catch {
    return noKernels;
  }
}

function sourceFile(name: string): string {
  return bundledFile(`addons/${name}`);
}
