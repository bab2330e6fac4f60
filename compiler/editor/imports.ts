import type { Span } from "../../grammar/index.ts";
import type { LoadedFile } from "../load/index.ts";
import type { OpenSpec } from "./open-spec.ts";

/** Where a spec imports a file, itself or through others; null where it does not. */
export function importLeadingTo({ program }: OpenSpec, name: string): Span | null {
  const leads = (file: LoadedFile): boolean =>
    file.source.name === name || file.imports.some((each) => leads(each.file));
  return program.written.imports.find(({ file }) => leads(file))?.span ?? null;
}
