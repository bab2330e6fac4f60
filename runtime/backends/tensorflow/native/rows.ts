import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type RowPrograms, rowPrograms } from "../../../../compiler/index.ts";
import { bundledFile, findBundledFile } from "../../../files/index.ts";
import { runCommand } from "../../install/index.ts";
import type { NativeFiles } from "./native-files.ts";

const sources = ["functions.h", "ops.cc", "program.h", "rows.cc", "tensorflow.h"];

/** The instruction sets for which rows.cc is compiled, by the function that it defines; the fastest of them runs. */
const variants: readonly {
  readonly name: string;
  readonly flags: readonly string[];
  readonly of: readonly string[];
}[] = [
  { name: "RunTilesPlain", flags: [], of: ["x64", "arm64"] },
  { name: "RunTilesAvx2", flags: ["-march=x86-64-v3"], of: ["x64"] },
  { name: "RunTilesAvx512", flags: ["-march=x86-64-v4", "-mprefer-vector-width=512"], of: ["x64"] },
];

/**
 * The addon that teaches TensorFlow the operation MedctcRows. Its name has the sources' hash: another medctc, with other
 * sources, makes its own beside it.
 */
export function rowsAddon({ addon }: NativeFiles): string {
  const hash = createHash("sha256");
  for (const name of sources) hash.update(readFileSync(sourceFile(name)));
  return join(dirname(addon), `medctc_rows-${hash.digest("hex").slice(0, 16)}.node`);
}

/** Whether TensorFlow has the operation where it is installed. */
export function hasRows(files: NativeFiles): boolean {
  return compiledAddon(files) !== null;
}

/** The addon where it is compiled; there is none for a GPU, nor for a checkout that was not built. */
function compiledAddon(files: NativeFiles): string | null {
  if (files.flavour !== "cpu" || findBundledFile("rows/ops.cc") === null) return null;
  const addon = rowsAddon(files);
  return existsSync(addon) ? addon : null;
}

/** Compiles the addon against an installed TensorFlow, in some ten seconds. Throws a SetupError. */
export function compileRows(files: NativeFiles, headers: string): void {
  const folder = mkdtempSync(join(tmpdir(), "medctc-rows-"));
  const compiler = process.env["CXX"] ?? "c++";
  const deps = join(files.package, "deps");
  // Neither makes a result that is not a number look like one.
  const flags = ["-O3", "-std=c++17", "-fPIC", "-fno-math-errno", "-fno-trapping-math"];
  const notes = {
    problem: "the operations on rows could not be compiled",
    help: "a C++ compiler is needed (Debian: apt-get install g++), or the one that CXX names",
    folder: dirname(sourceFile("rows.cc")),
  };
  try {
    const objects = variants
      .filter(({ of }) => of.includes(process.arch))
      .map(({ name, flags: own }) => {
        const object = join(folder, `${name}.o`);
        const about = [...flags, ...own, `-DMEDCTC_RUN_TILES=${name}`, "-c", "rows.cc", "-o", object];
        runCommand(compiler, about, notes);
        return object;
      });
    const includes = [`-I${join(deps, "include")}`, `-I${headers}`];
    const addon = rowsAddon(files);
    const made = `${addon}.new`;
    const libraries = [`-L${join(deps, "lib")}`, "-ltensorflow", "-ltensorflow_framework", "-lpthread"];
    const link = [...libraries, "-Wl,-rpath,$ORIGIN/../../deps/lib"];
    runCommand(compiler, [...flags, ...includes, "-shared", "ops.cc", ...objects, "-o", made, ...link], notes);
    renameSync(made, addon);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Teaches a loaded TensorFlow the operation, where it is there; what cannot be loaded is as if it were not. */
export function loadRows(files: NativeFiles): RowPrograms {
  const addon = compiledAddon(files);
  if (addon === null) return "none";
  try {
    createRequire(files.record)(addon);
    return rowPrograms;
  } catch {
    return "none";
  }
}

function sourceFile(name: string): string {
  return bundledFile(`rows/${name}`);
}
