import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readElements } from "../report/markup-check.ts";
import { medctc, prepareProgram } from "./medctc.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-graph-"));
const spec = "specs/medct-small.vlm";

beforeAll(prepareProgram);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("medctc graph", () => {
  test("writes a picture that stands alone, as wide and as dark as is asked", () => {
    const file = join(folder, "model.svg");
    const run = medctc(["graph", spec, "-o", file, "--width", "900", "--dark"]);
    expect(run).toEqual({ code: 0, out: `${file}\n`, err: "" });
    const svg = readFileSync(file, "utf8");
    const [root] = readElements(svg.trimEnd());
    expect(root?.attributes.get("width")).toBe("900");
    expect(svg).toContain('fill="#12161b"');
    expect(svg).not.toContain("var(--");
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(/https?:|url\(/);
  });

  test("writes a page with the picture, the same in tables, and the spec", () => {
    const file = join(folder, "model.html");
    expect(medctc(["graph", spec, "-o", file]).code).toBe(0);
    const html = readFileSync(file, "utf8");
    readElements(html.trimEnd());
    expect([...html.matchAll(/<h2 id="([^"]+)"/g)].map(([, id]) => id)).toEqual(["model", "spec"]);
    expect(html).toContain(
      '<th scope="row">report</th><td>let</td><td>f32[3, 16]</td><td>text.hidden, heads.report</td>',
    );
    expect(html).toContain("@media (prefers-color-scheme:dark)");
    expect(medctc(["graph", spec, "-o", file, "--dark"]).code).toBe(0);
    expect(readFileSync(file, "utf8")).not.toContain("prefers-color-scheme");
  });

  test("draws a model whose expectations fail, and says that they do", () => {
    const failing = join(folder, "failing.vlm");
    writeFileSync(failing, readFileSync(spec, "utf8").replace("trainable = 3_584", "trainable = 1"));
    const file = join(folder, "failing.svg");
    const { code, err } = medctc(["graph", failing, "-o", file]);
    expect(code).toBe(1);
    expect(err).toContain("found trainable = 3,584");
    expect(existsSync(file)).toBe(true);
  });

  test.each([
    [["-o", "model.png"], 2, "-o model.svg"],
    [["-o", "model.svg", "--width", "100"], 2, "from 320 to 10000"],
    [["-o", "missing/model.svg"], 1, "missing"],
    [[], 2, "--output"],
  ])("says what is wrong with %j", (options, expected, said) => {
    const { code, err, out } = medctc(["graph", spec, ...options], { cwd: "." });
    expect(code).toBe(expected);
    expect(err).toContain(said);
    expect(out).toBe("");
  });
});
