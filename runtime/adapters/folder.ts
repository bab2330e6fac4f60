import { dirname, join } from "node:path";
import { type Diagnostic, report } from "../../grammar/index.ts";
import { kindOfPath, readText } from "../files/index.ts";
import { type PeftConfig, readPeftConfig } from "./config.ts";
import type { OpenModel } from "./open.ts";

/** The names that PEFT gives its files; before version 0.7 it wrote the tensors with torch.save. */
export const peftFiles = {
  config: "adapter_config.json",
  tensors: "adapter_model.safetensors",
  olderTensors: "adapter_model.bin",
} as const;

/** What a file of adapters has beside it. */
export type FoundConfig =
  | { readonly kind: "none" }
  | { readonly kind: "config"; readonly file: string; readonly config: PeftConfig }
  | { readonly kind: "wrong"; readonly diagnostic: Diagnostic };

/** The config that belongs to a file of adapters, whatever it is called; `none` where there is none, or medctc wrote the file for itself. */
export function peftConfigFor(tensorFile: string, { isPeft, isOwn }: Pick<OpenModel, "isPeft" | "isOwn">): FoundConfig {
  if (isOwn && !isPeft) return { kind: "none" };
  const file = join(dirname(tensorFile), peftFiles.config);
  if (kindOfPath(file) === "absent") return { kind: "none" };
  const text = readText(file);
  if (text.kind === "missing") return { kind: "none" };
  if (text.kind === "unreadable") return { kind: "wrong", diagnostic: text.problem(file) };
  const config = readPeftConfig(text.text);
  if (config.kind !== "wrong") return { kind: "config", file, config };
  return { kind: "wrong", diagnostic: report("bad-adapter-config", file, { path: file, problem: config.problem }) };
}
