import type { Item, Setting } from "../../grammar/index.ts";
import type { LoadedFile } from "./imports.ts";

/** A variant's file in which the data folder that a base names, from its own folder, is named from the variant's. */
export function fromEntry(file: LoadedFile, bases: readonly LoadedFile[]): LoadedFile {
  const items = file.parsed.file.items.map((item): Item => {
    if (item.kind !== "settings" || item.block !== "data") return item;
    return { ...item, entries: item.entries.map((entry) => rebased(entry, bases)) };
  });
  return { ...file, parsed: { ...file.parsed, file: { ...file.parsed.file, items } } };
}

function rebased(entry: Setting, bases: readonly LoadedFile[]): Setting {
  const { name, value, span } = entry;
  const base = bases.find(({ source }) => source === span.source);
  if (name.text !== "folder" || value.kind !== "string" || base?.place.kind !== "local") return entry;
  if (/^([\\/]|[A-Za-z]:)/.test(value.value)) return entry;
  const path: string[] = [];
  for (const part of `${base.place.path}/../${value.value}`.split("/")) {
    if (part === "..") {
      if ((path.at(-1) ?? "..") === "..") path.push(part);
      else path.pop();
    } else if (part !== "." && part !== "") path.push(part);
  }
  return { ...entry, value: { ...value, value: path.join("/") || "." } };
}
