import { installNative, nativeFiles, SetupError } from "../backends/tensorflow/native/index.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

/** `medctc backend install`: native TensorFlow, made once on this machine. */
export function installBackend(gpu: boolean, terminal: Terminal): ExitCode {
  try {
    installNative(nativeFiles(gpu ? "gpu" : "cpu"), (line) => terminal.err(`${line}\n`));
    return exitCodes.done;
  } catch (error) {
    const isOfFiles = error instanceof Error && "code" in error;
    if (!(error instanceof SetupError) && !isOfFiles) throw error;
    const help =
      error instanceof SetupError ? error.help : "the cache folder has to be writable; MEDCTC_CACHE names another";
    terminal.err(`error: ${error.message}\n  help: ${help}\n`);
    return exitCodes.wrong;
  }
}
