import { dirname, join } from "node:path";
import { readText } from "../files/index.ts";
import { peftFiles } from "./folder.ts";
import { readJsonObject } from "./json-object.ts";
import type { ConfigFields } from "./write-config.ts";

/** What a config says of the model that its adapter is for, and of what is trained besides. */
const carried = [
  ...["base_model_name_or_path", "revision", "task_type", "auto_mapping", "fan_in_fan_out"],
  ...["modules_to_save", "bias", "trainable_token_indices"],
];

/** The fields of the config beside a file that hold for another adapter of the same model too; none where there is no config. */
export function carriedFields(tensorFile: string): ConfigFields {
  const text = readText(join(dirname(tensorFile), peftFiles.config));
  const read = text.kind === "text" ? readJsonObject(text.text) : null;
  if (read?.kind !== "object") return {};
  return Object.fromEntries(carried.flatMap((key) => (read.fields.has(key) ? [[key, read.fields.get(key)]] : [])));
}
