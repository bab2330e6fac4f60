import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { medctc, prepareProgram } from "./medctc.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-placement-"));
const small = "specs/medct-small.vlm";

beforeAll(prepareProgram);
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe("place", () => {
  test("prints lines that make a spec with the count that was asked for", () => {
    const args = ["place", small, "--budget", "3_584", "--ranks", "4,8..16", "--top", "3", "--costs", "1", "--json"];
    const { code, out, err } = medctc(args);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const found: unknown = JSON.parse(out);
    expect(found).toMatchObject({ range: { least: 3584, most: 3584 }, without: 0 });
    const other = { trainable: 3584, cost: null, memory: null };
    expect(found).toMatchObject({ placements: [{ trainable: 3584, cost: { adapterBytes: 14336 } }, other, other] });
    const [line = ""] = /lora\(rank = \d+\) on [^"]+/.exec(out) ?? [];
    const changed = readFileSync(small, "utf8")
      .replace(/lora\(.*/, line)
      .replace(/expect count.*/g, "");
    expect(medctc(["compile", written("pasted.vlm", changed)]).code).toBe(0);
  });

  test("exits with 1 when there is none, when it cannot search, and for a spec that is not there; with 2 when used wrongly", () => {
    const codes = [
      ["--budget", "3_585"],
      ["--budget", "much"],
      ["--budget", "3_584", "--kinds", "lora,loro"],
      ["--budget", "3_584", "--ranks", "8..4"],
      ["--budget", "3_584", "--ranks", "1..9999"],
      ["--budget", "3_584", "--kinds", "lora,"],
      [],
    ].map((args) => medctc(["place", small, ...args]).code);
    expect(codes).toEqual([1, 1, 1, 2, 2, 2, 2]);
    expect(medctc(["place", "none.vlm", "--budget", "1M"])).toMatchObject({ code: 1, out: "" });
  });
});

describe("diff", () => {
  test("exits with 0 for the same meaning, 1 for another, and 2 for what does not compile or is not there", () => {
    const text = readFileSync(small, "utf8");
    const same = medctc(["diff", small, written("same.vlm", text.replaceAll("\n\n", "\n# more\n\n"))]);
    expect(same).toEqual({ code: 0, out: "both specs mean the same\n", err: "" });
    const other = medctc(["diff", small, written("other.vlm", text.replace("alpha = 8", "alpha = 4"))]);
    expect(other).toMatchObject({ code: 1, err: "" });
    expect(other.out).toContain("changed lora: alpha 8 -> 4");
    const broken = medctc(["diff", small, written("broken.vlm", text.replace("lora(rank", "lara(rank"))]);
    expect(broken).toMatchObject({ code: 2, out: "" });
    expect(broken.err).toContain("error[E301]");
    expect(medctc(["diff", small, join(folder, "none.vlm")])).toMatchObject({ code: 2, out: "" });
    expect(medctc(["diff", small]).code).toBe(2);
  });

  test("--json says it for programs, also that nothing differs", () => {
    const { code, out } = medctc(["diff", small, "specs/medct.vlm", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      before: small,
      after: "specs/medct.vlm",
      isEqual: false,
      model: { before: "medct_small", after: "medct" },
    });
    expect(JSON.parse(medctc(["diff", small, small, "--json"]).out)).toMatchObject({ isEqual: true, adapters: [] });
  });
});
