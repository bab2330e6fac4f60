import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { medctc, prepareProgram } from "./medctc.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-expand-"));
beforeAll(prepareProgram);
afterAll(() => rmSync(folder, { recursive: true }));

const path = (name: string): string => join(folder, name);

mkdirSync(path("specs"));
writeFileSync(path("package.json"), "{}");
writeFileSync(path("part.vlm"), "function twice(x) {\n  return 2 * x\n}\n");
const base = 'import "../part"\nimport "specs/medct-small"\n';
writeFileSync(
  path("specs/card.vlm"),
  `${base}model card amends medct_small {\n  let scale = twice(exp(temperature))\n}\n`,
);
writeFileSync(path("wrong.vlm"), 'import "./none"\nmodel a amends b {}\n');

describe("expand", () => {
  test("prints a spec that means the same", () => {
    const { code, out, err } = medctc(["expand", path("specs/card.vlm")]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).not.toContain("amends");
    writeFileSync(path("specs/whole.vlm"), out);
    expect(medctc(["diff", path("specs/card.vlm"), path("specs/whole.vlm")])).toMatchObject({ code: 0 });
    expect(medctc(["fmt", "--check", path("specs/whole.vlm")]).code).toBe(0);
  });

  test("writes a file elsewhere, with imports from there", () => {
    expect(medctc(["expand", path("specs/card.vlm"), "-o", path("whole.vlm")]).code).toBe(0);
    expect(readFileSync(path("whole.vlm"), "utf8")).toContain('import "./part"\n');
    expect(medctc(["diff", path("specs/card.vlm"), path("whole.vlm")]).code).toBe(0);
  });

  test.each(["specs/card.vlm", "part.vlm"])("does not write over %s, which it is made of", (name) => {
    const before = readFileSync(path(name), "utf8");
    const { code, err } = medctc(["expand", path("specs/card.vlm"), "-o", path(name)]);
    expect(code).toBe(1);
    expect(err).toContain("which it is made of\n  help: name another place for it");
    expect(readFileSync(path(name), "utf8")).toBe(before);
  });

  test("has assignments in the places of what they change", () => {
    const { code, out } = medctc([
      "expand",
      path("specs/card.vlm"),
      "--set",
      "train.lr=3e-3",
      "--set",
      "model.lora.rank=2",
    ]);
    expect(code).toBe(0);
    expect(out).toContain("optimizer = adamw(lr = 3e-3, weight_decay = 0.01)");
    expect(out).toContain("lora(rank = 2, alpha = 8) on vision.attn.qkv, text.attn.q,v");
    const set = ["--set", "train.lr=3e-3", "--set", "model.lora.rank=2"];
    writeFileSync(path("specs/set.vlm"), out);
    expect(medctc(["diff", path("specs/set.vlm"), path("specs/card.vlm"), ...set]).code).toBe(0);
  });

  test("prints a spec that is no variant as it is", () => {
    expect(medctc(["expand", "specs/medct.vlm"]).out).toBe(readFileSync("specs/medct.vlm", "utf8"));
  });

  test("exits with 1 for a spec with mistakes, and for one that is not there", () => {
    expect(medctc(["expand", path("wrong.vlm")])).toMatchObject({ code: 1, out: "" });
    expect(medctc(["expand", path("none.vlm")])).toMatchObject({ code: 1, out: "" });
    const assigned = medctc(["expand", path("specs/card.vlm"), "--set", "train.batch=-1"]);
    expect(assigned).toMatchObject({ code: 1, out: "" });
    expect(assigned.err).toContain("E602");
  });
});
