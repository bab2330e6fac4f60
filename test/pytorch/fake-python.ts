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
