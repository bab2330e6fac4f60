import { type ParameterOrder, readAdapter } from "../../adapters/index.ts";
import { adapterFile, severalAdapters } from "../weights/adapter-file.ts";

/** Reads an adapter by its file, or by a folder that has it; refuses a folder of several. `order` is that of a model's parameters. */
export function readAdapterAt(
  path: string,
  scales?: ReadonlyMap<string, number>,
  order?: ParameterOrder,
): ReturnType<typeof readAdapter> {
  const several = severalAdapters(path);
  return several === null ? readAdapter(adapterFile(path), scales, order) : { kind: "wrong", diagnostic: several };
}
