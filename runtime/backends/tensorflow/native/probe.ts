import { spawnSync } from "node:child_process";
import * as v from "valibot";
import { readOwnJson } from "../../../json/index.ts";
import { environmentOfTensorflow } from "./environment.ts";
import type { NativeFiles } from "./native-files.ts";

/** What a loaded TensorFlow says of itself. */
export type Probe =
  | { readonly kind: "runs"; readonly version: string; readonly device: "CPU" | "GPU" }
  | { readonly kind: "fails"; readonly reason: string };

/** Loads the addon, multiplies two matrices and prints what the library says; what goes wrong is in how it ends. */
const program = `
  const util = require("util"); util.isNullOrUndefined ??= (x) => x == null; util.isArray ??= Array.isArray;
  const tf = require(process.argv[1]);
  if (tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0] !== 11) throw new Error("it multiplies wrongly");
  const backend = tf.backend();
  const said = { version: backend.binding.TF_Version, device: backend.isUsingGpuDevice ? "GPU" : "CPU" };
  require("fs").writeSync(1, "\\nprobe:" + JSON.stringify(said) + "\\n");`;

const found = v.object({ version: v.string(), device: v.picklist(["CPU", "GPU"]) });

/** Tries an installed TensorFlow in a process of its own: a library that does not fit ends that one and not this one. */
export function probeNative(files: NativeFiles): Probe {
  const { stdout, stderr, status, signal, error } = spawnSync(process.execPath, ["-e", program, files.package], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...environmentOfTensorflow, ...process.env },
    encoding: "utf8",
    timeout: 120_000,
  });
  if (error !== undefined) return { kind: "fails", reason: error.message };
  if (signal !== null) return { kind: "fails", reason: `its process was ended by ${signal}` };
  const said = readOwnJson(/^probe:(.*)$/m.exec(stdout)?.[1] ?? "null", found);
  if (status === 0 && said !== null) return { kind: "runs", ...said };
  const message = /^\S*Error: .*$/m.exec(stderr)?.[0] ?? stderr.trim().split("\n").at(-1) ?? "";
  return { kind: "fails", reason: message === "" ? `its process ended with ${status ?? "nothing"}` : message };
}
