import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadProgram } from "../../compiler/index.ts";
import { checkPath, openSpec } from "../../runtime/specs/index.ts";
import { carryImports } from "../../runtime/sweep/carried-imports.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-carried-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

const module = (name: string): string => `module ${name}() {\n  forward(x: f32[batch, 3]) {\n    return x\n  }\n}\n`;
const model = "model m {\n  encoder a = one()\n  encoder b = two()\n}\n";

/** Carries a spec to another place, and checks it there. */
function carried(text: string) {
  write("project/specs/a.vlm", text);
  const opened = openSpec(join(folder, "project/specs/a.vlm"));
  if (opened.kind === "unread") throw new Error("the spec was written");
  expect(checkPath(join(folder, "project/specs/a.vlm"))).toEqual([]);
  const { source, library } = opened;
  loadProgram(source, library);
  const copy = carryImports(text, join(folder, "project/specs"), library.imported);
  for (const [path, content] of [...copy.imports, ["spec.vlm", copy.text] as const]) write(`runs/one/${path}`, content);
  expect(checkPath(join(folder, "runs/one/spec.vlm"))).toEqual([]);
  return copy;
}

write("project/package.json", "");
write("project/specs/one.vlm", module("one"));
write("project/parts/two.vlm", `import "./three"\n${module("two")}`);
write("project/parts/three.vlm", module("three"));

test("files outside of a spec's folder go below one of their own, and find each other", () => {
  const { text, imports } = carried(`import "./one"\nimport "../parts/two"\n${model}`);
  expect([...imports.keys()].sort()).toEqual([
    "imports/parts/three.vlm",
    "imports/parts/two.vlm",
    "imports/specs/one.vlm",
  ]);
  expect(text).toContain('import "./imports/specs/one"\nimport "./imports/parts/two"\n');
});
