import { readAdapter } from "../../adapters/index.ts";
import { adapterFile, severalAdapters } from "../weights/adapter-file.ts";

/** Reads an adapter by its file, or by a folder that has it; refuses a folder of several. */
export function readAdapterAt(path: string, scales?: ReadonlyMap<string, number>): ReturnType<typeof readAdapter> {
  const several = severalAdapters(path);
  return several === null ? readAdapter(adapterFile(path), scales) : { kind: "wrong", diagnostic: several };
}
