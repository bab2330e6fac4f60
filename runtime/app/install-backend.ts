import { installNative, nativeFiles, SetupError } from "../backends/tensorflow/native/index.ts";
import { done, type Ended, problem, type Reporter, refuse } from "./reporter.ts";

/** Makes native TensorFlow on this machine, once. */
export function installBackend({ gpu }: { readonly gpu: boolean }, reporter: Reporter): Ended<void> {
  try {
    installNative(nativeFiles(gpu ? "gpu" : "cpu"), reporter.info);
    return done(undefined);
  } catch (error) {
    if (error instanceof SetupError) return refuse(error.problem, reporter);
    const isOfFiles = error instanceof Error && "code" in error;
    if (!isOfFiles) throw error;
    return refuse(
      problem(error.message, "make the cache folder writable, or set MEDCTC_CACHE to another folder"),
      reporter,
    );
  }
}
