import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkSpec } from "../../compiler/index.ts";
import { createSource, formatSource, renderDiagnostics } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const here = import.meta.dirname;

/** What `medctc check` says of a spec, without colours. */
function diagnose(folder: string, name: string): string {
  const path = join("test/golden", folder, name);
  const library = new SpecLibrary("specs/std", path);
  return renderDiagnostics(checkSpec(createSource(path, readFileSync(path, "utf8")), library), { colour: false });
}

describe("every named mistake is shown as its golden file says", () => {
  const names = readdirSync(join(here, "errors")).filter((name) => name.endsWith(".vlm"));

  test("there are at least sixty, and no golden file without its spec", () => {
    expect(names.length).toBeGreaterThanOrEqual(60);
    const texts = readdirSync(join(here, "errors")).filter((name) => name.endsWith(".txt"));
    expect(texts.map((name) => basename(name, ".txt"))).toEqual(names.map((name) => basename(name, ".vlm")));
  });

  test.each(names)("%s", async (name) => {
    const shown = diagnose("errors", name);
    expect(shown).not.toBe("");
    await expect(shown).toMatchFileSnapshot(join(here, "errors", `${basename(name, ".vlm")}.txt`));
  });
});

describe("every case is formatted as its golden file says", () => {
  const cases = readdirSync(join(here, "format")).filter((name) => name.endsWith(".input.vlm"));

  test.each(cases)("%s", async (name) => {
    const text = readFileSync(join(here, "format", name), "utf8");
    const formatted = formatSource(createSource(name, text)).text;
    expect(formatted).not.toBeNull();
    await expect(formatted).toMatchFileSnapshot(join(here, "format", name.replace(".input.vlm", ".output.vlm")));
    expect(formatSource(createSource(name, formatted ?? "")).text).toBe(formatted);
  });
});
