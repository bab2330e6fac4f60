import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { referenceModels } from "../../runtime/app/models/describe.ts";
import { succeeds } from "../adapters/peft-files.ts";
import { run } from "../command.ts";
import { pythonWith, pythonWithPeft } from "./environment.ts";
import { adapterRules, adapterSpec } from "./pytorch-adapters.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-typed-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Every model, and every adapter of the library. */
const specs = [
  ...referenceModels().map(({ path }) => `${path}.vlm`),
  ...Object.keys(adapterRules).map((name) => {
    const path = join(folder, `of_${name}.vlm`);
    writeFileSync(path, adapterSpec(name));
    return path;
  }),
];

test("packages for PyTorch have types that mypy follows, and the form that ruff gives them", async () => {
  const tools = pythonWith("mypy==2.4.1-ruff==0.17.6", ["mypy==2.4.1", "ruff==0.17.6"]);
  for (const spec of specs)
    await succeeds([
      ...["compile", spec, "--target", "pytorch"],
      ...["-o", join(folder, basename(spec, ".vlm").replaceAll("-", "_"))],
    ]);
  const said = [
    // A `let` that only types name, or that this model does not read, is computed all the same.
    ["ruff", "check", "--quiet", "--ignore", "F841", folder],
    ["ruff", "format", "--quiet", "--check", "--line-length", "100", folder],
    // `when` decides both whether a parameter is there and whether it is read or computed with, which no annotation says.
    [
      "mypy",
      "--no-error-summary",
      "--explicit-package-bases",
      "--disable-error-code",
      "union-attr",
      "--disable-error-code",
      "misc",
      "--disable-error-code",
      "operator",
    ].concat(["--cache-dir", join(folder, "cache"), "--python-executable", pythonWithPeft(), folder]),
  ].map(([module = "", ...words]) => run(tools, ["-m", module, ...words]).stdout);
  expect(said).toEqual(["", "", ""]);
});
