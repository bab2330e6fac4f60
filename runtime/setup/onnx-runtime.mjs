import { cpSync, existsSync, linkSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * ONNX Runtime in dist/. As a dependency its package would be 290 MB, and its install script asks a host of its own for GPU
 * libraries, without which the whole install fails. So its JavaScript is bundled, and its native code for CPUs lies beside.
 */
const source = "node_modules/onnxruntime-node";

/** The native code for CPUs; on Windows DirectML and what compiles for it are loaded for GPUs only. */
const libraries = [
  { platform: "linux", architecture: "x64", library: "libonnxruntime.so.1" },
  { platform: "linux", architecture: "arm64", library: "libonnxruntime.so.1" },
  { platform: "darwin", architecture: "arm64", library: "libonnxruntime.1.dylib" },
  { platform: "win32", architecture: "x64", library: "onnxruntime.dll" },
  { platform: "win32", architecture: "arm64", library: "onnxruntime.dll" },
];

export const onnxPlatforms = libraries.map(({ platform, architecture }) => ({ platform, architecture }));

/** Bundles onnxruntime-node with its native code at `./onnxruntime/PLATFORM/ARCHITECTURE/` beside the program. */
export function onnxRuntimeBeside() {
  const inPackage = /require\(`\.\.\/bin\/napi-v6\/[^`]*\/onnxruntime_binding\.node`\)/;
  const beside = 'require(["./onnxruntime", process.platform, process.arch, "onnxruntime_binding.node"].join("/"))';
  return {
    name: "onnx-runtime-beside",
    setup({ onLoad }) {
      onLoad({ filter: /onnxruntime-node[\\/]dist[\\/]binding\.js$/ }, ({ path }) => {
        const text = readFileSync(path, "utf8");
        if (!inPackage.test(text)) throw new Error(`${path} loads its native code in another way than it did`);
        return { contents: text.replace(inPackage, () => beside), loader: "js" };
      });
    },
  };
}

/** Puts the native code for some platforms, and which version it is, into a folder of bundles. */
export function placeOnnxRuntime(root, folder, platforms) {
  const { name, version, license } = JSON.parse(readFileSync(join(root, source, "package.json"), "utf8"));
  const description = join(folder, "onnxruntime/package.json");
  mkdirSync(dirname(description), { recursive: true });
  writeFileSync(description, `${JSON.stringify({ name, version, license, private: true }, null, 2)}\n`);
  for (const { platform, architecture } of platforms) {
    const library = libraries.find((each) => each.platform === platform && each.architecture === architecture);
    if (library === undefined) continue;
    for (const file of ["onnxruntime_binding.node", library.library]) {
      place(
        join(root, source, "bin/napi-v6", platform, architecture, file),
        join(folder, "onnxruntime", platform, architecture, file),
      );
    }
  }
}

/** A link costs no disk; where the folders are on two disks it is a copy. */
function place(from, to) {
  if (existsSync(to)) return;
  mkdirSync(dirname(to), { recursive: true });
  try {
    linkSync(from, to);
  } catch {
    cpSync(from, to);
  }
}
