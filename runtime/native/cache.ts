import { homedir } from "node:os";
import { join } from "node:path";
import { RefusedFile } from "../files/index.ts";
import { type Flavour, versions } from "./versions.ts";

/** Where medctc keeps what it made once: $MEDCTC_CACHE, or a folder of its own in the user's cache. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { MEDCTC_CACHE, XDG_CACHE_HOME } = environment;
  if (MEDCTC_CACHE !== undefined && MEDCTC_CACHE !== "") return MEDCTC_CACHE;
  return join(
    XDG_CACHE_HOME === undefined || XDG_CACHE_HOME === "" ? join(homeFolder(), ".cache") : XDG_CACHE_HOME,
    "medctc",
  );
}

/** A user without one, as some of containers, has to name a place: nothing is written into the working folder unasked. */
function homeFolder(): string {
  let home = "";
  try {
    home = homedir();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ERR_SYSTEM_ERROR")) throw error;
  }
  if (home === "") throw new RefusedFile("ENOHOME", "~");
  return home;
}

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
