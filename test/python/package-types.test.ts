import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { referenceModels } from "../../runtime/app/models/describe.ts";
import { medctc, run } from "../command.ts";
import { pythonWith, pythonWithPeft } from "./environment.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-typed-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Every model, and a placement of every other adapter. */
const specs = [
  ...referenceModels().map(({ path }) => `${path}.vlm`),
  ...specsIn("examples/placements").filter((path) => /\/(ia3|dora|bottleneck)\.vlm$/.test(path)),
];

function specsIn(from: string): readonly string[] {
  return readdirSync(from).flatMap((name) => (name.endsWith(".vlm") ? [join(from, name)] : []));
}

test("packages for PyTorch have types that mypy follows, and the form that ruff gives them", () => {
  const tools = pythonWith("mypy==2.4.1-ruff==0.17.6", ["mypy==2.4.1", "ruff==0.17.6"]);
  for (const spec of specs)
    medctc("compile", spec, "--target", "pytorch", "-o", join(folder, basename(spec, ".vlm").replaceAll("-", "_")));
  const said = [
    // A `let` that only types name, or that this model does not read, is computed all the same.
    ["ruff", "check", "--quiet", "--ignore", "F841", folder],
    ["ruff", "format", "--quiet", "--check", "--line-length", "100", folder],
    // `when` decides both whether a parameter is there and whether it is read, which no annotation says.
    [
      "mypy",
      "--no-error-summary",
      "--explicit-package-bases",
      "--disable-error-code",
      "union-attr",
      "--disable-error-code",
      "misc",
    ].concat(["--cache-dir", join(folder, "cache"), "--python-executable", pythonWithPeft(), folder]),
  ].map(([module = "", ...words]) => run(tools, ["-m", module, ...words]).stdout);
  expect(said).toEqual(["", "", ""]);
});
