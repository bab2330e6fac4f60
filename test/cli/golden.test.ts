import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { medctc, prepareProgram } from "./medctc.ts";

const root = mkdtempSync(join(tmpdir(), "medctc-golden-"));
beforeAll(prepareProgram);
afterAll(() => rmSync(root, { recursive: true }));

const small = readFileSync("specs/medct-small.vlm", "utf8");
let folders = 0;

/** A folder with the small spec in it, and in one below. */
function project(): string {
  const folder = join(root, String(folders++));
  mkdirSync(join(folder, "below"), { recursive: true });
  writeFileSync(join(folder, "one.vlm"), small);
  writeFileSync(join(folder, "below/two.vlm"), small);
  return folder;
}

function edit(file: string, from: string, to: string): void {
  const text = readFileSync(file, "utf8");
  expect(text).toContain(from);
  writeFileSync(file, text.replace(from, to));
}

function run(folder: string, ...args: readonly string[]) {
  return medctc(["golden", ...args], { cwd: folder });
}

describe("golden", () => {
  test("writes a plan only with --update, and then agrees with it from there and from above", () => {
    const folder = project();
    expect(run(folder, "one.vlm")).toEqual({
      code: 1,
      out: "",
      err: "error: one.vlm: no golden plan: one.plan.json does not exist\n  help: write it: medctc golden one.vlm --update\n",
    });
    expect(run(folder).err).toBe(
      "error: no golden plan in this folder or below it\n  help: write the first: medctc golden SPEC --update\n",
    );
    expect(run(folder, "one.vlm", "below/two.vlm", "--update")).toEqual({
      code: 0,
      out: "one.plan.json: written\nbelow/two.plan.json: written\n",
      err: "",
    });
    expect(run(folder)).toEqual({ code: 0, out: "below/two.vlm: ok\none.vlm: ok\n", err: "" });
  });

  test("says what drifted as diff does, exits with 1, and changes nothing until --update", () => {
    const folder = project();
    run(folder, "one.vlm", "--update");
    const plan = join(folder, "one.plan.json");
    const before = readFileSync(plan, "utf8");
    edit(join(folder, "one.vlm"), "alpha = 8", "alpha = 9");
    edit(join(folder, "one.vlm"), "batch = 3", "batch = 3\n  clip_norm = 0.5");
    const { code, out, err } = run(folder);
    expect(code).toBe(1);
    const differences = medctc(["diff", "below/two.vlm", "one.vlm"], { cwd: folder }).out;
    expect(differences).toContain("changed lora: alpha 8 -> 9");
    expect(out).toBe(`one.vlm: differs from one.plan.json\n${differences.replaceAll(/^(?=.)/gm, "  ")}`);
    expect(err).toBe("help: if this is what you mean, run `medctc golden one.vlm --update`\n");
    expect(readFileSync(plan, "utf8")).toBe(before);
    const answer: unknown = JSON.parse(run(folder, "--json").out);
    expect(answer).toMatchObject({
      plans: [{ spec: "one.vlm", plan: "one.plan.json", state: "drifted", comparison: { isEqual: false } }],
    });
    const updated = run(folder, "--update");
    expect(updated).toMatchObject({ code: 0, err: "" });
    expect(updated.out).toContain("one.plan.json: updated\n  adapters\n    changed lora: alpha 8 -> 9\n");
    expect(run(folder).code).toBe(0);
  });

  test("notices what another file changes", () => {
    const folder = project();
    writeFileSync(join(folder, "card.vlm"), 'import "./one"\n\nmodel card amends medct_small {}\n');
    run(folder, "card.vlm", "--update");
    edit(join(folder, "one.vlm"), "alpha = 8", "alpha = 9");
    const { code, out } = run(folder);
    expect(code).toBe(1);
    expect(out).toContain("card.vlm: differs from card.plan.json\n  adapters\n    changed lora: alpha 8 -> 9\n");
  });

  test("leaves a plan that agrees as it is, even with --update", () => {
    const folder = project();
    run(folder, "one.vlm", "--update");
    const plan = join(folder, "one.plan.json");
    writeFileSync(plan, JSON.stringify(JSON.parse(readFileSync(plan, "utf8"))));
    const written = statSync(plan).mtimeMs;
    expect(run(folder, "--update").out).toBe("one.vlm: ok\n");
    expect(statSync(plan).mtimeMs).toBe(written);
  });

  test("names a damaged plan, and one whose spec is gone; the others are compared all the same", () => {
    const folder = project();
    run(folder, "one.vlm", "below/two.vlm", "--update");
    edit(join(folder, "one.plan.json"), '"trainable",3584', '"trainable",many');
    const { code, out, err } = run(folder);
    expect({ code, out }).toEqual({ code: 1, out: "below/two.vlm: ok\n" });
    expect(err).toContain("error: one.plan.json: it is not valid JSON");
    expect(err).toContain("help: restore it from version control, or write it anew with --update");
    rmSync(join(folder, "below/two.vlm"));
    expect(run(folder, "--update")).toMatchObject({ code: 1, out: "one.plan.json: updated\n" });
    expect(run(folder).err).toBe(
      "error: below/two.plan.json: its spec below/two.vlm does not exist\n" +
        "  help: if the spec was renamed or deleted, do the same with its golden plan\n",
    );
  });

  test("passes over hidden folders, npm's, and files of others with such a name", () => {
    const folder = project();
    run(folder, "one.vlm", "--update");
    for (const name of [".git", "node_modules"]) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, "x.plan.json"), readFileSync(join(folder, "one.plan.json")));
    }
    writeFileSync(join(folder, "terraform.plan.json"), '{"format_version": "1.2"}');
    symlinkSync("..", join(folder, "below/loop"));
    expect(run(folder)).toEqual({ code: 0, out: "one.vlm: ok\n", err: "" });
  });

  test("keeps no plan of a spec with mistakes or failing expectations, and says what differs in the latter", () => {
    const folder = project();
    run(folder, "one.vlm", "--update");
    const before = readFileSync(join(folder, "one.plan.json"), "utf8");
    edit(join(folder, "one.vlm"), "rank = 4", "rank = 2");
    const { code, out, err } = run(folder, "--update");
    expect(code).toBe(1);
    expect(err).toContain("error[E509]: expected trainable = 3_584");
    expect(out).toContain("changed lora: rank 4 -> 2");
    edit(join(folder, "one.vlm"), "text.attn.q,v", "text.attn.w");
    expect(run(folder, "--update")).toMatchObject({ code: 1, out: "" });
    expect(readFileSync(join(folder, "one.plan.json"), "utf8")).toBe(before);
  });
});
