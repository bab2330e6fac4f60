import { SetupError } from "../runtime/backends/install/index.ts";
import { installNative, nativeFiles } from "../runtime/backends/tensorflow/native/index.ts";

/**
 * Installs native TensorFlow into the cache before the tests run, where it stays. On a machine that cannot get it the
 * tests that need it say so and are left out; under CI it has to be there.
 */
export function setup(): void {
  try {
    installNative(nativeFiles(), (line) => process.stderr.write(`${line}\n`));
  } catch (error) {
    if (!(error instanceof SetupError) || process.env["CI"]) throw error;
    process.stderr.write(`Tests without native TensorFlow: ${error.message}\n${error.problem.help}\n`);
  }
}
