import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { checkPath, compilePath } from "../../runtime/specs/index.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-project-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const module = "module one() {\n  forward(x: f32[batch, 3]) {\n    return x\n  }\n}\n";
const spec = (path: string): string => `import "${path}"\nmodel m {\n  encoder a = one()\n}\n`;

/** Writes files into a project of its own, and gives its path. */
function project(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(folder, "p-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

function codesOf(path: string): readonly string[] {
  return checkPath(path).map(({ code }) => code);
}

describe("imports stay within the project", () => {
  test.each(["package.json", ".git", "medctc.yaml"])("which %s makes", (marker) => {
    const root = project({
      [`in/${marker}`]: "",
      "in/parts/one.vlm": module,
      "outside.vlm": module,
      "in/specs/deep/a.vlm": spec("../../parts/one"),
      "in/specs/deep/b.vlm": spec("../../../outside"),
    });
    expect(codesOf(join(root, "in/specs/deep/a.vlm"))).toEqual([]);
    const [refused] = checkPath(join(root, "in/specs/deep/b.vlm"));
    expect(refused?.code).toBe("E210");
    expect(refused?.message).toContain(join(root, "in"));
  });

  test("which is the nearest one", () => {
    const root = project({ "package.json": "", "in/medctc.yaml": "", "one.vlm": module, "in/a.vlm": spec("../one") });
    expect(codesOf(join(root, "in/a.vlm"))).toEqual(["E210"]);
  });

  test("links may lead to other places of the project, not out of it", () => {
    const root = project({
      "in/package.json": "",
      "in/one.vlm": module,
      "outside.vlm": module,
      "folder/one.vlm": module,
      "in/specs/a.vlm": spec("./within"),
      "in/specs/b.vlm": spec("./beyond"),
      "in/specs/c.vlm": spec("./folder/one"),
    });
    symlinkSync("../one.vlm", join(root, "in/specs/within.vlm"));
    symlinkSync("../../outside.vlm", join(root, "in/specs/beyond.vlm"));
    symlinkSync("../../folder", join(root, "in/specs/folder"));
    expect(["a", "b", "c"].map((name) => codesOf(join(root, `in/specs/${name}.vlm`)))).toEqual([
      [],
      ["E210"],
      ["E210"],
    ]);
  });

  test("a file is one file under two names, and a cycle of links ends", () => {
    const root = project({
      "package.json": "",
      "one.vlm": `import "./again/one"\n${module}`,
      "a.vlm": `import "./again/again/one"\n${spec("./one")}`,
    });
    symlinkSync(".", join(root, "again"));
    expect(codesOf(join(root, "a.vlm"))).toEqual(["E206"]);
  });

  test("a spec in a folder that is a link", () => {
    const root = project({ "package.json": "", "one.vlm": module, "specs/a.vlm": spec("../one") });
    symlinkSync(join(root, "specs"), join(root, "..", "linked"));
    expect(codesOf(join(root, "..", "linked/a.vlm"))).toEqual([]);
  });
});

test("what is hashed of a spec has the texts of its bases", () => {
  const root = project({
    "base.vlm": `${module}model m {\n  encoder a = one()\n}\n`,
    "a.vlm": 'import "./base"\nmodel b amends m {}\n',
    "c.vlm": 'import "specs/medct-small"\nmodel c amends medct_small {}\n',
  });
  expect(compilePath(join(root, "a.vlm")).text).toContain("module one()");
  expect(compilePath(join(root, "c.vlm")).text).toContain("# MedCT-VLM at the sizes of");
});
