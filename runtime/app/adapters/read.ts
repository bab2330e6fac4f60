import { type ParameterOrder, readAdapter, type StoredAdapter } from "../../adapters/index.ts";
import type { Reporter } from "../reporter.ts";
import { adapterFile, severalAdapters } from "../weights/adapter-file.ts";

/** Reads an adapter by its file, or by a folder that has it; refuses a folder of several. `order` is that of a model's parameters. */
export function readAdapterAt(
  path: string,
  reporter: Reporter,
  scales?: ReadonlyMap<string, number>,
  order?: ParameterOrder,
): ReturnType<typeof readAdapter> {
  const several = severalAdapters(path);
  if (several !== null) return { kind: "wrong", diagnostic: several };
  const read = readAdapter(adapterFile(path), scales, order);
  if (read.kind === "adapter") noteUnmet(read, reporter);
  return read;
}

/** Tells of what a config names in vain, as one beside a file that was cut does. */
export function noteUnmet({ config, unmet }: StoredAdapter, reporter: Reporter): void {
  if (config.kind === "config") for (const each of unmet) reporter.note(`${config.file} ${each}`);
}
