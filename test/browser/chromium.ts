import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cacheFolder } from "../../runtime/machine/index.ts";

const names = ["chromium", "chromium-browser", "google-chrome", "chromium-headless-shell"];
/** The browser without windows, which needs half as many libraries, and a font for machines that have none. */
const packages = ["chromium-headless-shell", "fonts-dejavu-core"];

export interface Chromium {
  readonly kind: "found";
  readonly file: string;
  /** What it needs in its environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** Why there is none. */
export interface NoChromium {
  readonly kind: "missing";
  readonly why: string;
}

/**
 * A Chromium: the one that $CHROMIUM names, or one on the PATH, or one from Debian's packages, which are unpacked once
 * into medctc's cache and need no root.
 */
export function findChromium(): Chromium | NoChromium {
  const { CHROMIUM = "", PATH = "" } = process.env;
  if (CHROMIUM !== "") return existsSync(CHROMIUM) ? found(CHROMIUM) : missing(`there is no ${CHROMIUM}`);
  for (const folder of PATH.split(delimiter)) {
    const file = names.map((name) => join(folder, name)).find((each) => existsSync(each));
    if (file !== undefined) return found(file);
  }
  return fromPackages(join(cacheFolder(), "chromium"));
}

function found(file: string, env: Chromium["env"] = {}): Chromium {
  return { kind: "found", file, env };
}

function missing(why: string): NoChromium {
  return { kind: "missing", why };
}

function fromPackages(folder: string): Chromium | NoChromium {
  const root = join(folder, "root");
  const installed = join(folder, "installed");
  if (!existsSync(installed)) {
    if (!has("apt-get") || !has("dpkg-deb")) {
      return missing("there is none on the PATH or in $CHROMIUM, and no apt-get to get Debian's with");
    }
    process.stdout.write("Getting Chromium from Debian's packages (once; some minutes) ...\n");
    const why = unpack(folder, root);
    if (why !== null) return missing(why);
    // Last, so that an install that was cut off is made again.
    mkdirSync(installed);
  }
  const libraries = join(root, "usr/lib");
  const triplet = readdirSync(libraries).find((name) => /-linux-gnu/.test(name));
  const own = triplet === undefined ? [] : [join(libraries, triplet)];
  // Some libraries find others in a folder beside them by its full path, where they are not installed here.
  const folders = [...own, ...own.flatMap(foldersOfLibraries), libraries];
  const file = join(libraries, "chromium/chromium-headless-shell");
  if (!existsSync(file)) return missing(`Debian's package has no ${file}`);
  return found(file, { LD_LIBRARY_PATH: folders.join(":"), FONTCONFIG_FILE: join(folder, "fonts.conf") });
}

/** Folders inside of one that have shared libraries, such as `pulseaudio`. */
function foldersOfLibraries(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name))
    .filter((inside) => readdirSync(inside).some((name) => /^lib.*\.so/.test(name)));
}

/**
 * Downloads what of the packages and of all that they need is not installed, with lists and files in this folder. Gives
 * why it could not, or null.
 */
function unpack(folder: string, root: string): string | null {
  rmSync(folder, { recursive: true, force: true });
  const debs = join(folder, "debs");
  for (const each of ["lists/partial", "archives/partial", "debs", "root"])
    mkdirSync(join(folder, each), { recursive: true });
  const options = [`Dir::State::Lists=${folder}/lists`, `Dir::Cache=${folder}`, "Debug::NoLocking=true"];
  if (process.getuid?.() === 0) options.push("APT::Sandbox::User=root");
  const apt = (...args: readonly string[]): Attempt =>
    attempt("apt-get", [...options.flatMap((option) => ["-o", option]), ...args], debs);
  const updated = apt("update");
  if (updated.why !== null) return updated.why;
  const planned = apt("install", "--simulate", "--no-install-recommends", ...packages);
  if (planned.why !== null) return planned.why;
  const wanted = [...planned.out.matchAll(/^Inst (\S+)/gm)].map(([, name = ""]) => name);
  const downloaded = apt("download", ...new Set([...wanted, ...packages]));
  if (downloaded.why !== null) return downloaded.why;
  for (const name of readdirSync(debs).filter((each) => each.endsWith(".deb"))) {
    const { why } = attempt("dpkg-deb", ["--extract", join(debs, name), root], debs);
    if (why !== null) return why;
  }
  writeFileSync(join(folder, "fonts.conf"), fonts([join(root, "usr/share/fonts"), "/usr/share/fonts"], folder));
  for (const each of ["debs", "lists", "archives"]) rmSync(join(folder, each), { recursive: true, force: true });
  return null;
}

/** Where fonts are, and which of them pages get that ask for any of a kind. */
function fonts(folders: readonly string[], cache: string): string {
  const listed = folders.map((folder) => `<dir>${folder}</dir>`);
  const kinds = [
    ["system-ui", "DejaVu Sans"],
    ["sans-serif", "DejaVu Sans"],
    ["monospace", "DejaVu Sans Mono"],
  ].map(([kind, font]) => `<alias><family>${kind}</family><prefer><family>${font}</family></prefer></alias>`);
  const all = [...listed, `<cachedir>${cache}/fonts</cachedir>`, ...kinds];
  return `<?xml version="1.0"?><fontconfig>${all.join("")}</fontconfig>\n`;
}

function has(command: string): boolean {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).error === undefined;
}

interface Attempt {
  /** Why it failed, or null. */
  readonly why: string | null;
  readonly out: string;
}

function attempt(command: string, args: readonly string[], cwd: string): Attempt {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
    maxBuffer: 2 ** 28,
  });
  if (error !== undefined) return { why: `${command} ${args.at(-1)} ended with ${error.message}`, out: "" };
  if (status === 0) return { why: null, out: stdout };
  return { why: `${command} ${args.at(-1)} ended with ${status}: ${stderr.trim().split("\n").at(-1)}`, out: "" };
}
