import { SetupError } from "../backends/install/index.ts";
import { installPytorch } from "../backends/pytorch/index.ts";
import { installNative, nativeFiles } from "../backends/tensorflow/native/index.ts";
import { hasGpuDriver } from "../machine/index.ts";
import { done, type Ended, misused, problem, type Reporter, refuse } from "./reporter.ts";

/** What can be installed beside what comes with medctc. */
export const installable = ["tensorflow", "pytorch"] as const;

export interface InstallRequest {
  readonly backend: (typeof installable)[number];
  /** Whether it is to compute on GPUs; null for what fits the machine, where it can be told. */
  readonly gpu: boolean | null;
  /** The Python of which PyTorch's environment is made; null for python3. */
  readonly python: string | null;
}

/** Installs a backend into medctc's cache, once. */
export function installBackend({ backend, gpu, python }: InstallRequest, reporter: Reporter): Ended<void> {
  if (backend === "tensorflow" && python !== null) {
    reporter.problem(problem("--python is for pytorch", null));
    return misused;
  }
  try {
    switch (backend) {
      case "tensorflow":
        installNative(nativeFiles(gpu === true ? "gpu" : "cpu"), reporter.info);
        break;
      case "pytorch": {
        const build = gpu === null ? null : gpu ? "cuda" : "cpu";
        installPytorch({ python: python ?? "python3", build, hasGpu: hasGpuDriver() }, reporter.info);
        break;
      }
    }
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
