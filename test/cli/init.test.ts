import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, describe, expect, test } from "vitest";
import { referenceModels } from "../../runtime/app/models/describe.ts";
import { askPerson } from "../../runtime/cli/ask.ts";
import { run } from "../../runtime/cli/program.ts";
import { compilePath } from "../../runtime/specs/index.ts";
import { listeningTerminal } from "./listening-terminal.ts";
import { runHere } from "./medctc.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-init-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string): string => join(folder, name);
mkdirSync(path("ct"));
mkdirSync(path("specs"));

describe.each(referenceModels().map(({ name, file }) => [name, file] as const))(
  "a spec that starts from %s",
  (name, file) => {
    const spec = path(`specs/${name}.vlm`);

    test("has no mistakes, is formatted, and trains as much as the model", async () => {
      const made = await runHere(["init", name, "--data", path("ct"), "-o", spec]);
      expect(made).toMatchObject({ code: 0, out: `${spec}\n` });
      expect(await runHere(["check", spec])).toEqual({ code: 0, out: `${spec}: ok\n`, err: "" });
      expect(await runHere(["fmt", "--check", spec])).toEqual({ code: 0, out: "", err: "" });
      const { plan, spec: compiled } = compilePath(spec);
      const before = compilePath(file);
      expect(plan?.totals).toEqual(before.plan?.totals);
      expect(plan?.placements.map(({ text }) => text)).toEqual(before.plan?.placements.map(({ text }) => text));
      expect(plan?.expectations.map(({ holds }) => holds)).toEqual([true, true]);
      expect(compiled?.settings).toEqual(before.spec?.settings);
    });
  },
);

test("a rank is that of the adapters, alpha keeps its ratio, and the expectation is what it comes to", async () => {
  const spec = path("rank.vlm");
  expect((await runHere(["init", "specs/medct.vlm", "--rank", "8", "--name", "chest", "-o", spec])).code).toBe(0);
  const text = readFileSync(spec, "utf8");
  expect(text).toContain("model chest amends medct {\n");
  expect(text).toContain("  lora(rank = 8, alpha = 16) on vision.attn.qkv, text.attn.qkv\n");
  // A third of the reference's, whose rank is 24.
  expect(text).toContain("  expect trainable = 557_056\n");
  expect(compilePath(spec).plan?.totals.trainable).toBe(1_671_168 / 3);
});

test("a data folder is written from the spec's own, and without one it is left to --data", async () => {
  const spec = path("specs/folder.vlm");
  await runHere(["init", "medct_small", "--data", path("ct"), "-o", spec]);
  expect(readFileSync(spec, "utf8")).toContain(`  folder = ${JSON.stringify(path("ct"))}\n`);
  const { err } = await runHere(["init", "medct_small", "--data", "no/data set", "-o", spec, "--force"]);
  expect(err).toContain("note: there is no folder no/data set yet\n");
  expect(readFileSync(spec, "utf8")).toMatch(/^ {2}folder = "(\.\.\/)+.*no\/data set"$/m);
  await runHere(["init", "medct_small", "-o", spec, "--force"]);
  expect(compilePath(spec).spec?.data.folder).toBe(null);
});

test("a file that exists is kept unless --force is given", async () => {
  const spec = path("kept.vlm");
  writeFileSync(spec, "mine\n");
  expect(await runHere(["init", "medct_small", "-o", spec])).toEqual({
    code: 1,
    out: "",
    err: `error: ${spec}: already exists\n  help: --force replaces it; -o names another file\n`,
  });
  expect(readFileSync(spec, "utf8")).toBe("mine\n");
  expect((await runHere(["init", "medct_small", "-o", spec, "--force"])).code).toBe(0);
  expect(readFileSync(spec, "utf8")).toContain("model my_medct_small amends medct_small {");
});

test.each([
  [[], "no model specified"],
  [["medct_smal"], "did you mean `medct_small`?"],
  [["medct_small", "--name", "2nd"], "not a valid name"],
  [["medct_small", "--name", "model"], "not a valid name"],
  [["medct_small", "--name", "a {} model b"], "not a valid name"],
  [["medct_small", "--rank", "0"], "whole number above 0"],
  [["classfine", "--rank", "4"], "have no rank"],
])("%j is wrong usage: exit 2, and nothing is written", async (words, message) => {
  const spec = path("usage.vlm");
  const { code, out, err } = await runHere(["init", ...words, "-o", spec]);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toContain(message);
  expect(existsSync(spec)).toBe(false);
});

/** Runs `init` on a terminal where these answers are given, in order, and then none. */
async function asked(answers: readonly string[], ...words: readonly string[]) {
  const questions: string[] = [];
  const { terminal, said } = listeningTerminal();
  const left = [...answers];
  const ask = (question: string) => {
    questions.push(question);
    return Promise.resolve(left.shift() ?? null);
  };
  return { code: await run(["init", ...words], { ...terminal, ask }), questions, said };
}

describe("on a terminal", () => {
  test("what is not given is asked for, again where an answer cannot be meant", async () => {
    const spec = path("asked.vlm");
    const number = String(referenceModels().findIndex(({ name }) => name === "medct_small") + 1);
    const { code, questions, said } = await asked(["999", number, "", "none", " 2 "], "-o", spec);
    expect(code).toBe(0);
    expect(questions.map((question) => question.split(" ")[0])).toEqual(["model,", "model,", "folder", "rank", "rank"]);
    expect(said.err).toContain("a rank is a whole number above 0\n");
    expect(readFileSync(spec, "utf8")).toContain("lora(rank = 2, alpha = 4) on ");
  });

  test("Enter is the model's own rank, and what is given is not asked for", async () => {
    const spec = path("own.vlm");
    expect((await asked([""], "medct_small", "--data", path("ct"), "-o", spec)).questions).toHaveLength(1);
    expect(readFileSync(spec, "utf8")).toContain("lora(rank = 4, alpha = 8) on ");
    const all = await asked([], "medct_small", "--data", path("ct"), "--rank", "2", "--force", "-o", spec);
    expect(all).toMatchObject({ code: 0, questions: [] });
    // It has no rank to ask for.
    expect((await asked([""], "classfine", "-o", path("head.vlm"))).questions).toHaveLength(1);
  });

  test.each([[[]], [["medct_small"]], [["medct_small", "ct"]]])(
    "Ctrl-C after %j writes nothing and exits with 130",
    async (answers) => {
      const before = readdirSync(folder);
      expect((await asked(answers, "-o", path("stopped.vlm"))).code).toBe(130);
      expect(readdirSync(folder)).toEqual(before);
    },
  );

  test("an answer is a line; Ctrl-C, and the end of the input, are none", async () => {
    const streams = () => ({ input: new PassThrough(), output: Object.assign(new PassThrough(), { isTTY: true }) });
    const answer = async (keys: string | null) => {
      const { input, output } = streams();
      const text = askPerson("which? ", input, output);
      if (keys === null) input.end();
      else input.write(keys);
      return [await text, String(output.read()).includes("which? ")];
    };
    expect(await answer("medct\n")).toEqual(["medct", true]);
    expect(await answer("med\u0003")).toEqual([null, true]);
    expect(await answer("\u0004")).toEqual([null, true]);
    expect(await answer(null)).toEqual([null, true]);
  });
});
