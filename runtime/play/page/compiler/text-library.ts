import type { FilePlace, Library, ReadResult } from "../../../../compiler/index.ts";
import type { Files, Spec, Texts } from "../protocol.ts";

/** The files that a spec can import, of which the page has the texts: the same that the command line finds on a disk. */
export class TextLibrary implements Library {
  private readonly bundled: Files;
  private readonly local: Files;
  private readonly folder: string;
  /** The texts of files that were imported, the library's aside, in the order in which they were first read. */
  private readonly imported = new Map<string, string>();
  private readonly references = new Map<string, string>();

  constructor({ bundled, own }: Texts, { path, isBundled }: Pick<Spec, "path" | "isBundled">) {
    this.bundled = bundled;
    this.local = isBundled ? bundled : own;
    this.folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
  }

  read(place: FilePlace): ReadResult {
    switch (place.kind) {
      case "library": {
        const text = textAt(this.bundled, `specs/std/${place.name}.vlm`);
        if (text === null) return this.readMoved(place.name);
        return { kind: "text", text, name: `std/${place.name}.vlm` };
      }
      case "reference": {
        const text = textAt(this.bundled, `specs/${place.name}.vlm`);
        if (text === null) return { kind: "missing" };
        const name = `medctc/specs/${place.name}.vlm`;
        this.references.set(name, text);
        return { kind: "text", text, name };
      }
      case "local": {
        const path = joined(this.folder, place.path);
        const text = textAt(this.local, path);
        if (text === null) return { kind: "missing" };
        this.imported.set(path, text);
        return { kind: "text", text, name: path };
      }
    }
  }

  names(): readonly string[] {
    return Object.keys(this.bundled)
      .flatMap((path) => /^specs\/std\/([^/]+)\.vlm$/.exec(path)?.slice(1) ?? [])
      .sort();
  }

  /** A spec's text and those that it imports, as a package for PyTorch records them. */
  wholeText(text: string): string {
    return [text, ...this.imported.values(), ...this.references.values()].join("\n");
  }

  /** A module that was in the library and stands beside the one model that has it now. */
  private readMoved(name: string): ReadResult {
    const found = Object.keys(this.bundled).filter((path) =>
      new RegExp(`^specs/(?!std/)[^/]+/${name.replace(/[^\w-]/g, "\\$&")}\\.vlm$`).test(path),
    );
    const [path, another] = found;
    if (path === undefined || another !== undefined) return { kind: "missing" };
    const movedTo: FilePlace = { kind: "reference", name: path.slice("specs/".length, -".vlm".length) };
    const result = this.read(movedTo);
    return result.kind !== "text" || /^model\b/m.test(result.text) ? { kind: "missing" } : { ...result, movedTo };
  }
}

function textAt(files: Files, path: string): string | null {
  return Object.hasOwn(files, path) ? (files[path] ?? null) : null;
}

/** A path from a folder, without `.` and without `..` where that leads to a folder that is named. */
export function joined(folder: string, path: string): string {
  const parts = folder === "" ? [] : folder.split("/");
  for (const part of path.split("/")) {
    const last = parts.at(-1);
    if (part === "." || part === "") continue;
    if (part === ".." && last !== undefined && last !== ".." && last !== "") parts.pop();
    else parts.push(part);
  }
  return parts.join("/");
}
