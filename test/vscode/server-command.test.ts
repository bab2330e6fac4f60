import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findServer, type Surroundings } from "../../grammar/vscode/server-command.ts";

let folder: string;
let workspace: string;
let onPath: string;

function write(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "");
  chmodSync(path, 0o755);
  return path;
}

/** A link from a folder of programs to a script, as npm makes it. */
function link(script: string, program: string): string {
  mkdirSync(dirname(program), { recursive: true });
  symlinkSync(write(script), program);
  return script;
}

function find(given: Partial<Surroundings> = {}) {
  const path = ["", join(folder, "nowhere"), onPath].join(delimiter);
  return findServer({ setting: "", folders: [workspace], path, platform: "linux", ...given });
}

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "medctc-command-")));
  workspace = join(folder, "work");
  onPath = join(folder, "bin");
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("where the extension finds medctc", () => {
  test("in node_modules of the workspace first, then on the PATH, as a script for the editor's own Node", () => {
    const global = link(join(folder, "lib/medctc/dist/medctc.js"), join(onPath, "medctc"));
    expect(find()).toEqual({ kind: "module", path: global });
    const local = link(
      join(workspace, "node_modules/medctc/dist/medctc.js"),
      join(workspace, "node_modules/.bin/medctc"),
    );
    expect(find()).toEqual({ kind: "module", path: local });
    expect(find({ folders: [join(folder, "other"), workspace] })).toEqual({ kind: "module", path: local });
  });

  test("as a program where it is no script of Node's", () => {
    const program = write(join(onPath, "medctc"));
    expect(find()).toEqual({ kind: "program", path: program });
  });

  test("on Windows beside the script of the shell that npm writes", () => {
    const script = write(join(workspace, "node_modules/medctc/dist/medctc.js"));
    write(join(workspace, "node_modules/.bin/medctc.cmd"));
    expect(find({ platform: "win32" })).toEqual({ kind: "module", path: script });
    rmSync(workspace, { recursive: true });
    const global = write(join(onPath, "node_modules/medctc/dist/medctc.js"));
    write(join(onPath, "medctc.cmd"));
    expect(find({ platform: "win32" })).toEqual({ kind: "module", path: global });
  });

  test("where the setting says: a name on the PATH, a path, or one in the workspace", () => {
    link(join(workspace, "node_modules/medctc/dist/medctc.js"), join(workspace, "node_modules/.bin/medctc"));
    const named = write(join(onPath, "medctc-next"));
    expect(find({ setting: "medctc-next" })).toEqual({ kind: "program", path: named });
    expect(find({ setting: named })).toEqual({ kind: "program", path: named });
    const built = write(join(workspace, "dist/medctc.js"));
    expect(find({ setting: "dist/medctc.js" })).toEqual({ kind: "module", path: built });
  });

  test("or nowhere, and then it says what to do", () => {
    const nowhere = find();
    expect(nowhere).toMatchObject({ kind: "missing" });
    expect(nowhere).toHaveProperty("message", expect.stringMatching(/no medctc in node_modules.*set medctc\.command/));
    for (const setting of ["medctc-next", "dist/medctc.js", join(folder, "medctc")]) {
      expect(find({ setting })).toHaveProperty("message", expect.stringContaining(`There is no \`${setting}\``));
    }
  });
});
