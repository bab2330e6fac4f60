import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { firstComment } from "../../runtime/app/models/describe.ts";
import { listModels } from "../../runtime/app/models/list.ts";
import { terminalReporter } from "../../runtime/cli/terminal-reporter.ts";
import { listeningTerminal } from "./listening-terminal.ts";
import { runHere } from "./medctc.ts";

function listed() {
  const { terminal } = listeningTerminal();
  const ended = listModels(terminalReporter(terminal));
  if (ended.kind !== "done") throw new Error(ended.kind);
  return ended.value;
}

const models = listed();

test("every spec with a model that comes with the program is listed", () => {
  const files = readdirSync("specs", { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".vlm") && /^model /m.test(readFileSync(join("specs", name), "utf8")))
    .map((name) => `specs/${name.replaceAll("\\", "/").replace(/\.vlm$/, "")}`);
  expect(models.map(({ path }) => path)).toEqual(files.sort());
});

test("no source of the program names a published model: its files are all that know it", () => {
  const named = /spectre|colipri|merlin|m3d.?clip|hlip|siglip|biomedclip/i;
  const lines = ["grammar", "compiler", "runtime"].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) => readFileSync(`${folder}/${file}`, "utf8").split("\n"))
      .filter((line) => named.test(line)),
  );
  expect(lines).toEqual([]);
});

test("each has a name of its own, a sentence, and a source", () => {
  expect(new Set(models.map(({ name }) => name)).size).toBe(models.length);
  for (const { path, summary } of models) expect([path, summary.length > 20]).toEqual([path, true]);
  expect(models.flatMap(({ path, sources }) => (sources.length === 0 ? [path] : []))).toEqual([]);
});

test("counts are those of the plans, with adapters", () => {
  const counts = new Map(models.map(({ name, parameters, trainable }) => [name, [parameters, trainable]]));
  expect(counts.get("medct")).toEqual([438_148_761 + 1_671_168, 1_671_168]);
  // open_clip's count of its ViT-B-32.
  expect(counts.get("clip_vit_b32")).toEqual([151_277_313 + 491_520, 491_520]);
  expect(counts.get("classfine")?.[1]).toBe(512 * 18 + 18);
});

test("a variant without a source has that of its base, and expectations are as the spec has them", () => {
  const byName = new Map(models.map((each) => [each.name, each]));
  expect(byName.get("classfine")).toMatchObject({
    amends: "medct",
    sources: byName.get("medct")?.sources,
    expectations: ["trainable = 512 * 18 + 18"],
  });
  expect(byName.get("rad_chestct")?.sources[0]).toBe("zenodo.org/records/6406114");
});

test("`medctc models` prints a row, the sentence and the sources of each, and with --json the same for programs", async () => {
  const { code, out, err } = await runHere(["models"]);
  // What it compiles is shown where that takes longer than a second.
  expect({ code, err: err.replaceAll(/^compiling .*\n/gm, "") }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(/^medct +439,819,929 +1,671,168 {2}specs\/medct\n {2}MedCT-VLM, the reference: /m);
  expect(out).toContain("\n  github.com/ibrahimethemhamamci/CT-CLIP, arxiv.org/abs/2512.00597\n");
  const json = await runHere(["models", "--json"]);
  expect(JSON.parse(json.out)).toEqual({ models });
});

test.each([
  ["# One. Two (x.org/a).\nlet a = 1\n# y.org/b\n", "One.", ["x.org/a"]],
  ["# By Doe et al., 2024, at https://x.org/a/b.py: 2.5 M\n# parameters. More\n", null, ["https://x.org/a/b.py"]],
  ["# In std/a.vlm and test/x.py alone.", "In std/a.vlm and test/x.py alone.", []],
  ["let a = 1\n", "", []],
])("of the comment that %j begins with", (text, summary, sources) => {
  const whole = "By Doe et al., 2024, at https://x.org/a/b.py: 2.5 M parameters.";
  expect(firstComment(text)).toEqual({ summary: summary ?? whole, sources });
});
