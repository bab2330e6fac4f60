import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { medctc, prepareProgram } from "./medctc.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-compile-"));

beforeAll(prepareProgram);
afterAll(() => rmSync(folder, { recursive: true }));

/** The reference with one text replaced. */
function changed(from: string, to: string): string {
  const path = join(folder, "changed.vlm");
  const spec = readFileSync("specs/medct.vlm", "utf8");
  expect(spec).toContain(from);
  writeFileSync(path, spec.replace(from, to));
  return path;
}

describe("compile", () => {
  test("prints the summary of the reference", () => {
    const { code, out, err } = medctc(["compile", "specs/medct.vlm"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toBe(readFileSync("test/golden/specs/medct.summary.txt", "utf8"));
  });

  test("with --memory, or for a spec that limits it, shows the expected peak of a step", () => {
    const peak = /^ {2}expected peak +\d+ [MG]iB {2}recompute: none$/m;
    expect(medctc(["compile", "specs/medct-small.vlm", "--memory"]).out).toMatch(peak);
    const limited = join(folder, "limited.vlm");
    writeFileSync(limited, readFileSync("specs/medct-small.vlm", "utf8").replace("train {", "train {\n  memory = 8GB"));
    const { code, out, err } = medctc(["compile", limited]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(peak);
    expect(medctc(["compile", limited, "--emit", "plan"]).out).toMatch(/^memory:\n {2}recompute: none$/m);
  });

  test("fits a terminal of 100 columns", () => {
    const { out } = medctc(["compile", "specs/medct.vlm"]);
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });

  test("a failed expectation exits with 1 and explains the difference", () => {
    const { code, out, err } = medctc([
      "compile",
      changed("lora(rank = 24, alpha = 48)", "lora(rank = 16, alpha = 48)"),
    ]);
    expect(code).toBe(1);
    expect(out).toMatch(/FAILS {2}trainable = 1\.67M +1,114,112/);
    expect(err).toContain("error[E509]: expected trainable = 1.67M, found trainable = 1,114,112");
    expect(err).toContain("884,736 trainable in text");
    expect(err).toContain("229,376 trainable in vision");
  });

  test("--emit plan prints the plan, and -o writes the same into a folder that it makes", () => {
    const { code, out } = medctc(["compile", "specs/medct-small.vlm", "--emit", "plan"]);
    expect(code).toBe(0);
    expect(out).toBe(readFileSync("test/golden/specs/medct-small.plan.yaml", "utf8"));
    const target = join(folder, "made", "here");
    expect(medctc(["compile", "specs/medct-small.vlm", "-o", target]).code).toBe(0);
    expect(readFileSync(join(target, "plan.yaml"), "utf8")).toBe(out);
  });

  test("--target pytorch writes a package, or says where the spec has what a package has not", () => {
    const target = join(folder, "package");
    const set = ["--set", "train.optimizer.lr=5e-4"];
    expect(medctc(["compile", "specs/medct-small.vlm", ...set, "--target", "pytorch", "-o", target]).code).toBe(0);
    const written = (name: string) => readFileSync(join(target, "medct_small", name), "utf8");
    expect(written("metadata.py")).toContain("adamw(lr = 5e-4");
    expect(written("optimizer.py")).toContain("lr=0.0005");
    expect(readFileSync(join(target, "medct_small/model.py"), "utf8")).toContain("class MedctSmall(nn.Module):");
    const refused = join(folder, "refused");
    const passed = changed("exp(temperature)", "[exp][0](temperature)");
    const { code, err } = medctc(["compile", passed, "--target", "pytorch", "-o", refused]);
    expect(code).toBe(1);
    expect(err).toMatch(/changed\.vlm:\d+:15: this target cannot express it: the operation `exp` is called by/);
    expect(existsSync(refused)).toBe(false);
  });

  test("a spec with a mistake writes nothing", () => {
    const target = join(folder, "none");
    const { code, out } = medctc(["compile", changed("vision.attn.qkv, text", "vision.attn.v, text"), "-o", target]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(existsSync(target)).toBe(false);
  });

  test("a library file has nothing to compile, and checks", () => {
    expect(medctc(["compile", "specs/std/lora.vlm"]).err).toContain("error[E511]");
    expect(medctc(["check", "specs/std/lora.vlm"]).code).toBe(0);
  });
});

describe("params", () => {
  test("--json lists names, shapes, rules and roles, and the totals", () => {
    const { code, out } = medctc(["params", "specs/medct.vlm", "--json"]);
    expect(code).toBe(0);
    const listed: unknown = JSON.parse(out);
    expect(listed).toMatchObject({ totals: { trainable: 1_671_168, total: 439_819_929 } });
    expect(listed).toHaveProperty(
      "parameters",
      expect.arrayContaining([
        {
          path: "text.layers[0].attention.q.weight",
          checkpoint: "text_transformer.encoder.layer.0.attention.self.query.weight",
          shape: [768, 768],
          dtype: "f32",
          initial: "uniform(0.036084391824351615)",
          trainable: false,
          rule: "freeze vision, text, temperature, image_extra, report_extra, heads.*",
          role: "attn.q",
        },
      ]),
    );
  });

  test("--trainable lists what is trained only", () => {
    const { out } = medctc(["params", "specs/medct.vlm", "--trainable"]);
    expect(out).not.toContain("frozen  ");
    expect(out.match(/lora\.(down|up)/g)).toHaveLength(104);
    expect(out).toContain("1,671,168 trained, 438,148,761 frozen, 439,819,929 in all");
  });
});

describe("explain", () => {
  test("lists what a selector matches, with its role", () => {
    const { code, out } = medctc(["explain", "specs/medct.vlm", "vision.spatial.layers[0].attn.qkv"]);
    expect(code).toBe(0);
    expect(out).toContain("vision.spatial.layers[0].attention.to_kv");
    expect(out).toContain("its role is attn.kv, a part of attn.qkv");
    expect(out).toContain("2 matched");
  });

  test("says why a selector matches nothing, and what is near", () => {
    const { code, err } = medctc(["explain", "specs/medct.vlm", "text.atn.q"]);
    expect(code).toBe(1);
    expect(err).toContain("did you mean `text.attn.q`?");
    expect(err).toContain("selector:1:1");
  });

  test("points into a selector that cannot be read", () => {
    const { code, err } = medctc(["explain", "specs/medct.vlm", "text."]);
    expect(code).toBe(1);
    expect(err).toContain("selector:1:6");
  });
});
