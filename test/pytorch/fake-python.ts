import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Programs that stand for Python, and the folder that they and their cache are in. */
export interface FakePythons {
  readonly folder: string;
  /** Writes a program of the shell and gives its path. */
  readonly write: (name: string, script: string) => string;
  /** The same for one that says what a Python with some PyTorch says. */
  readonly withTorch: (name: string, torch: string | null, cuda?: string | null) => string;
  readonly remove: () => void;
}

export function fakePythons(): FakePythons {
  const folder = mkdtempSync(join(tmpdir(), "medctc-pythons-"));
  const write = (name: string, script: string): string => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  return {
    folder,
    write,
    withTorch: (name, torch, cuda = null) => {
      const said = JSON.stringify({ python: join(folder, name), version: "3.12.1", torch, cuda, devices: [] });
      return write(name, `echo 'a greeting'\ncat <<'END'\nfound:${said}\nEND`);
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** What the package index of a pretended pip has, and how it fails. */
export interface FakeIndex {
  /** The versions of PyTorch that it has. */
  readonly has: readonly string[];
  /** What a PyTorch says of the CUDA that it was built with. */
  readonly cuda?: string;
  /** Shell that pip runs first. */
  readonly first?: string;
}

/**
 * A Python that makes environments with a copy of itself. Its pip writes how it was called into `pip.log`, and installs by
 * writing the version down, which the environment's Python then says to have.
 */
export function fakeInstaller({ folder, write }: FakePythons, { has, cuda, first = "" }: FakeIndex): string {
  const cases = has.map((version) => `torch==${version}) ;;`).join("\n");
  const found = `{\\"python\\":\\"$0\\",\\"version\\":\\"3.12.1\\",\\"torch\\":\\"$(cat $at/torch)\\",\\"cuda\\":${
    cuda === undefined ? "null" : `\\"${cuda}\\"`
  },\\"devices\\":[]}`;
  return write(
    "bin/python3",
    `at=$(dirname $0)
case "$1 $2" in
  "-m venv") mkdir -p $3/bin && cp $0 $3/bin/python; exit ;;
  "-m pip") echo "$@ PYTHONPATH=$PYTHONPATH" >> ${folder}/pip.log; shift 5
    ${first}
    case $1 in
      ${cases}
      *) echo "ERROR: No matching distribution found for $1" >&2; exit 1 ;;
    esac
    echo $1 | sed s/torch==// > $at/torch; exit ;;
esac
test -e $at/torch && echo "found:${found}"`,
  );
}
