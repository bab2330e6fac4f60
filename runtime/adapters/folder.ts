import { basename, dirname, join } from "node:path";
import { type Diagnostic, report } from "../../grammar/index.ts";
import { kindOfPath, readText } from "../files/index.ts";
import { type PeftConfig, readPeftConfig } from "./config.ts";

/** The names that PEFT gives its two files. */
export const peftFiles = { config: "adapter_config.json", tensors: "adapter_model.safetensors" } as const;

/** What PEFT puts before the names of a model's own parameters. */
export const peftPrefix = "base_model.model.";

/** What it puts before the names of tensors that all adapters of a model share. */
export const peftRoot = "base_model.";

/** What a file of adapters has beside it. */
export type FoundConfig =
  | { readonly kind: "none" }
  | { readonly kind: "config"; readonly file: string; readonly config: PeftConfig }
  | { readonly kind: "wrong"; readonly diagnostic: Diagnostic };

/** The config that belongs to a file of adapters; `none` where PEFT did not write that file. */
export function peftConfigBeside(tensorFile: string): FoundConfig {
  if (basename(tensorFile) !== peftFiles.tensors) return { kind: "none" };
  const file = join(dirname(tensorFile), peftFiles.config);
  if (kindOfPath(file) === "absent") return { kind: "none" };
  const text = readText(file);
  if (text.kind === "missing") return { kind: "none" };
  if (text.kind === "unreadable") return { kind: "wrong", diagnostic: text.problem(file) };
  const config = readPeftConfig(text.text);
  if (config.kind !== "wrong") return { kind: "config", file, config };
  return { kind: "wrong", diagnostic: report("bad-adapter-config", file, { path: file, problem: config.problem }) };
}
