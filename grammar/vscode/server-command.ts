import { existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";

/** How the language server is started: a program of Node's, which runs on the editor's own Node, or any other program. */
export type ServerCommand =
  | { readonly kind: "module"; readonly path: string }
  | { readonly kind: "program"; readonly path: string }
  /** With what to tell the user. */
  | { readonly kind: "missing"; readonly message: string };

/** Where to look for it. */
export interface Surroundings {
  /** The setting `medctc.command`. */
  readonly setting: string;
  /** The folders of the workspace. */
  readonly folders: readonly string[];
  /** $PATH. */
  readonly path: string;
  readonly platform: NodeJS.Platform;
}

/** Finds medctc: what the setting says, or else in the workspace, or else on the PATH. */
export function findServer({ setting, folders, path, platform }: Surroundings): ServerCommand {
  const searched = path.split(delimiter).filter((folder) => folder !== "");
  const names = platform === "win32" ? ["medctc.cmd", "medctc.exe"] : ["medctc"];
  if (setting === "") {
    const found = firstOf([...folders.map((folder) => join(folder, "node_modules", ".bin")), ...searched], names);
    return found === null
      ? missing("There is no medctc in node_modules of this workspace, and none on the PATH.")
      : runs(found);
  }
  if (!/[/\\]/.test(setting)) {
    const found = firstOf(searched, platform === "win32" ? [setting, `${setting}.cmd`, `${setting}.exe`] : [setting]);
    return found === null
      ? missing(`There is no \`${setting}\` on the PATH, which medctc.command names.`)
      : runs(found);
  }
  const paths = isAbsolute(setting) ? [setting] : folders.map((folder) => resolve(folder, setting));
  const found = paths.find((each) => existsSync(each));
  return found === undefined ? missing(`There is no \`${setting}\`, which medctc.command names.`) : runs(found);
}

function missing(what: string): ServerCommand {
  return {
    kind: "missing",
    message: `${what} Install medctc with npm in this workspace, or set medctc.command to where it is; specs are highlighted, but not checked.`,
  };
}

function firstOf(folders: readonly string[], names: readonly string[]): string | null {
  for (const folder of folders) {
    const found = names.map((name) => join(folder, name)).find((each) => existsSync(each));
    if (found !== undefined) return found;
  }
  return null;
}

/** npm links a program's script, and on Windows writes a script of the shell beside it, which Node cannot start without a shell. */
function runs(path: string): ServerCommand {
  const real = realpathSync(path);
  if (/\.[cm]?js$/.test(real)) return { kind: "module", path: real };
  if (!real.endsWith(".cmd")) return { kind: "program", path: real };
  const scripts = ["node_modules/medctc/dist/medctc.js", "../medctc/dist/medctc.js"];
  const script = scripts.map((each) => join(dirname(real), each)).find((each) => existsSync(each));
  return script === undefined ? { kind: "program", path: real } : { kind: "module", path: script };
}
