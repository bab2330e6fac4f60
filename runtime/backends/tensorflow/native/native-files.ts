import { join } from "node:path";
import { cacheFolder } from "../../../machine/index.ts";
import { type Flavour, versions } from "./versions.ts";

/** The files of one installed TensorFlow. */
export interface NativeFiles {
  readonly flavour: Flavour;
  readonly folder: string;
  /** The copy of @tensorflow/tfjs-node-gpu that the addon is built in. */
  readonly package: string;
  /** Where it finds what it requires: links to packages that are installed elsewhere. */
  readonly modules: string;
  /** Where npm puts the packages that the addon is built from, if they have to be fetched. */
  readonly fetched: string;
  readonly library: string;
  readonly framework: string;
  readonly addon: string;
  /** Written last: an install without it is not finished. */
  readonly record: string;
}

export function nativeFiles(flavour: Flavour = "cpu", cache: string = cacheFolder()): NativeFiles {
  const folder = join(cache, "native", `tfjs-${versions.tfjs}-tf-${versions.tensorflow}-${flavour}`);
  const inside = join(folder, "node_modules/@tensorflow/tfjs-node-gpu");
  return {
    flavour,
    folder,
    package: inside,
    modules: join(folder, "node_modules"),
    fetched: join(folder, "packages"),
    library: join(inside, "deps/lib/libtensorflow_cc.so.2"),
    framework: join(inside, "deps/lib/libtensorflow_framework.so.2"),
    addon: join(inside, "lib/napi-v8/tfjs_binding.node"),
    record: join(folder, "contents.json"),
  };
}
