import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { prepareProgram, type Run, medctc as runMedctc } from "./medctc.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-cli-"));

beforeAll(prepareProgram);
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the program in the folder of this test. */
function medctc(args: readonly string[], input = ""): Run {
  return runMedctc(args, { cwd: folder, input });
}

function write(name: string, content: string | Uint8Array): void {
  writeFileSync(join(folder, name), content);
}

const good = "model m {\n  param a: f32[] = ones\n  freeze a\n}\n";
const untidy = "model m{param a:f32[]=ones freeze a # all\n}";

describe("check", () => {
  test("says ok for the reference spec, from any folder", () => {
    const spec = resolve("specs/medct.vlm");
    expect(medctc(["check", spec])).toEqual({ code: 0, out: `${spec}: ok\n`, err: "" });
  });

  test("shows the line of a mistake on standard error, without colours in a pipe, and exits with 1", () => {
    write("bad.vlm", "model m {\n  lora(rank = ) on a\n}\n");
    expect(medctc(["check", "bad.vlm"])).toEqual({
      code: 1,
      out: "",
      err: [
        "error[E103]: expected an expression, found `)`",
        " --> bad.vlm:2:15",
        "  |",
        "2 |   lora(rank = ) on a",
        "  |               ^",
        "",
        "1 error",
        "",
      ].join("\n"),
    });
  });

  test("gives programs JSON with ranges that count from zero", () => {
    write("bad.vlm", "model m {\n  lora(rank = ) on a\n}\n");
    const { code, out, err } = medctc(["check", "--json", "bad.vlm"]);
    expect({ code, err }).toEqual({ code: 1, err: "" });
    expect(JSON.parse(out)).toEqual({
      diagnostics: [
        {
          file: "bad.vlm",
          range: { start: { line: 1, character: 14 }, end: { line: 1, character: 15 } },
          severity: 1,
          code: "E103",
          source: "medctc",
          message: "expected an expression, found `)`",
          notes: [],
          help: null,
          fixes: [],
          relatedInformation: [],
        },
      ],
    });
    write("good.vlm", good);
    expect(JSON.parse(medctc(["check", "--json", "good.vlm"]).out)).toEqual({ diagnostics: [] });
  });

  const broken = "model m {\n  param a: f32[] = ones\n  freeze a\n}\n\ntrain {\n  bach = 4\n  precision = bf16\n}\n";

  test("gives programs the fixes of a mistake, and which of them is safe", () => {
    write("bad.vlm", broken);
    const { out } = medctc(["check", "--json", "bad.vlm"]);
    const range = { start: { line: 6, character: 2 }, end: { line: 6, character: 6 } };
    const fixes = [{ title: "write `batch`", file: "bad.vlm", range, newText: "batch", isSafe: true }];
    expect(JSON.parse(out)).toMatchObject({ diagnostics: [{ fixes }, {}] });
  });

  test("--fix mends what has one fix, says so, and leaves and reports what is to choose", () => {
    write("bad.vlm", broken);
    expect(medctc(["check", "--fix", "bad.vlm"])).toMatchObject({
      code: 0,
      out: "bad.vlm: applied 2 fixes\nbad.vlm: ok\n",
    });
    const mended = broken.replace("bach", "batch").replace("bf16", '"bf16"');
    expect(readFileSync(join(folder, "bad.vlm"), "utf8")).toBe(mended);
    const twice =
      'import "std/linear"\nimport "std/lora"\n\nmodel m {\n  part a = linear(2, inputs = 2)\n  lora(rank = 1) on a\n  lora(rnk = 1) on a\n}\n';
    write("twice.vlm", twice);
    const { code, err } = medctc(["check", "--fix", "twice.vlm"]);
    expect(code).toBe(1);
    // A second adapter there may be a mistake.
    expect(err).toContain("also on");
    expect(readFileSync(join(folder, "twice.vlm"), "utf8")).toBe(twice.replace("rnk", "rank"));
  });

  test.each([
    ["a missing file", "E201", (): void => undefined],
    ["a folder", "E202", (): void => void mkdirSync(join(folder, "spec.vlm"))],
    ["bytes that are no text", "E203", (): void => write("spec.vlm", Uint8Array.from([0x6d, 0xff]))],
    ["a file of 5 MB", "E204", (): void => write("spec.vlm", "# x\n".repeat(1_250_000))],
    ["10,000 brackets", "E107", (): void => write("spec.vlm", `function f(x) { return ${"(".repeat(10_000)} }`)],
    ["a cyclic import", "E206", (): void => write("spec.vlm", 'import "./spec"\n')],
  ])("%s is one clear error and exit 1, without a stack trace", (_, expected, prepare) => {
    rmSync(join(folder, "spec.vlm"), { recursive: true, force: true });
    prepare();
    const { code, out, err } = medctc(["check", "spec.vlm"]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(new RegExp(`^error\\[${expected}\\]: `));
    expect(err).toContain("\n1 error\n");
    expect(err).not.toMatch(/^\s+at /m);
    rmSync(join(folder, "spec.vlm"), { recursive: true, force: true });
  });

  test("several files are all checked", () => {
    write("good.vlm", good);
    write("bad.vlm", "modle m {}\n");
    const { code, out, err } = medctc(["check", "good.vlm", "bad.vlm", "none.vlm"]);
    expect({ code, out }).toEqual({ code: 1, out: "good.vlm: ok\n" });
    expect(err).toContain("did you mean `model`");
    expect(err).toContain("\n2 errors\n");
  });
});

describe("fmt", () => {
  test("changes a file in place and says so, and is silent the second time", () => {
    write("untidy.vlm", untidy);
    expect(medctc(["fmt", "untidy.vlm"])).toEqual({ code: 0, out: "untidy.vlm: formatted\n", err: "" });
    expect(readFileSync(join(folder, "untidy.vlm"), "utf8")).toBe(
      "model m {\n  param a: f32[] = ones\n  freeze a  # all\n}\n",
    );
    expect(medctc(["fmt", "untidy.vlm"])).toEqual({ code: 0, out: "", err: "" });
  });

  test("--check lists what is not formatted and changes nothing", () => {
    write("untidy.vlm", untidy);
    write("good.vlm", good);
    expect(medctc(["fmt", "--check", "good.vlm", "untidy.vlm"])).toEqual({
      code: 1,
      out: "",
      err: "untidy.vlm is not formatted; run `medctc fmt untidy.vlm`\n",
    });
    expect(readFileSync(join(folder, "untidy.vlm"), "utf8")).toBe(untidy);
  });

  test("--stdin is a filter", () => {
    expect(medctc(["fmt", "--stdin"], "model   m{}").out).toBe("model m {}\n");
    expect(medctc(["fmt", "--stdin", "--check"], "model   m{}").code).toBe(1);
    const { code, out, err } = medctc(["fmt", "--stdin"], "model {");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("<stdin>:1:7");
  });

  test("a file with a mistake stays as it is", () => {
    write("bad.vlm", "model   m { freeze }");
    expect(medctc(["fmt", "bad.vlm"]).code).toBe(1);
    expect(readFileSync(join(folder, "bad.vlm"), "utf8")).toBe("model   m { freeze }");
  });
});

describe("usage", () => {
  test.each([[["chek"]], [["check"]], [["check", "--jsn", "a"]], [["fmt"]], [["fmt", "--stdin", "a"]], [[]]])(
    "%j is wrong usage: exit 2 and a way on",
    (args) => {
      const { code, out, err } = medctc(args);
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err).not.toBe("");
    },
  );

  test("--version is that of the package", () => {
    const { out } = medctc(["--version"]);
    expect(readFileSync("package.json", "utf8")).toContain(`"version": "${out.trim()}"`);
  });
});
