import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { combineAdapters } from "../../runtime/app/adapters/combine.ts";
import { pruneAdapter } from "../../runtime/app/adapters/prune.ts";
import { adapterSpectra } from "../../runtime/app/adapters/spectra.ts";
import { noCard } from "../../runtime/app/export/card.ts";
import { runHere } from "../cli/medctc.ts";
import { fixture } from "./combine-cases.ts";
import { listeningReporter } from "./listening-reporter.ts";
import { jsonFields } from "./small-spec.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-made-cards-"));
afterAll(() => rmSync(folder, { recursive: true }));

const [north, south] = [join(fixture, "north"), join(fixture, "south")];
const noOptions = { density: null, sign: null, seed: null, rank: null, clamp: null, forSpec: null, card: noCard };

function cardIn(name: string): string {
  return readFileSync(join(folder, name, "README.md"), "utf8");
}

test("a combination has a card with its sources, their weights, the method and its options, and what is lost", () => {
  const into = join(folder, "both");
  const request = { adapters: [north, south], weights: [0.6, 0.4], ...noOptions, folder: into };
  const reporter = listeningReporter();
  const ended = combineAdapters({ ...request, method: "ties_svd", density: 0.5, rank: 2 }, reporter);
  expect([ended.kind, reporter.heard]).toEqual(["done", []]);
  const card = cardIn("both");
  expect(card).toContain('library_name: "peft"');
  expect(card).toContain("# both\n");
  expect(card).toContain("- `north`, weight 0.6\n- `south`, weight 0.4\n");
  expect(card).toMatch(/- Method: ties\\_svd\n- --density: 0\.5\n- --rank: 2\n/);
  expect(card).toMatch(/- From the weighted sum of the updates: \d+\.\d{3} % of its norm/);
  expect(card).toMatch(/^\| first \| 2 \| \d+\.\d{3} % \|$/m);
  expect(card).toMatch(/^- `lora\(rank = 2, alpha = 2\)` on `.*first.*`$/m);
  expect(card).toContain("Not evaluated: the evaluations of what it was made of do not hold for it.");
  expect(card).not.toContain(folder);
});

test("a truncation and a pruning have cards with what they keep, of the base model that the config names", () => {
  const named = join(folder, "named");
  cpSync(north, named, { recursive: true });
  const config = join(named, "adapter_config.json");
  const fields = { ...jsonFields(readFileSync(config, "utf8")), base_model_name_or_path: "hospital/base" };
  writeFileSync(config, JSON.stringify(fields));
  const reporter = listeningReporter();
  const none = { other: null, forSpec: null, weights: null, copy: null, energy: null, card: noCard };
  const spectra = adapterSpectra({ ...none, adapter: named, rank: 1, folder: join(folder, "smaller") }, reporter);
  expect(spectra.kind).toBe("done");
  const smaller = cardIn("smaller");
  expect(smaller).toContain('base_model: "hospital/base"');
  expect(smaller).toContain("- Rank asked for: 1\n");
  const kept = spectra.kind === "done" ? (spectra.value.energy ?? 0) : 0;
  expect(smaller).toContain(`- Energy kept of all updates: ${(100 * kept).toFixed(3)} %`);
  expect(smaller).toMatch(/^\| first \| 1 of 4 \| \d+\.\d{3} % \|$/m);
  const pruned = pruneAdapter(
    { adapter: named, density: 0.5, threshold: null, forSpec: null, folder: join(folder, "pruned"), card: noCard },
    reporter,
  );
  expect([pruned.kind, reporter.heard]).toEqual(["done", []]);
  const card = cardIn("pruned");
  expect(card).toContain("- Elements of each matrix that stay: the largest, a share of 0.5\n");
  expect(card).toMatch(/- Change of the updates: \d+\.\d{3} % of their norm/);
  expect(card).toContain("- `named`\n");
});

test("sources with the same last name have the one before it, and an edited card stays", () => {
  for (const [hospital, from] of [
    ["a", north],
    ["b", south],
  ] as const)
    cpSync(from, join(folder, hospital, "run"), { recursive: true });
  const adapters = ["a", "b"].map((hospital) => join(folder, hospital, "run"));
  const into = join(folder, "runs");
  const combine = () => {
    const reporter = listeningReporter();
    combineAdapters({ adapters, weights: null, method: "linear", ...noOptions, folder: into }, reporter);
    return reporter.heard;
  };
  expect(combine()).toEqual([]);
  expect(cardIn("runs")).toContain("- `a/run`, weight 0.5\n- `b/run`, weight 0.5\n");
  const path = join(into, "README.md");
  writeFileSync(path, `${cardIn("runs")}\nOurs.\n`);
  expect(combine()).toEqual([expect.stringContaining("is not a card that medctc wrote, or was edited")]);
  expect(cardIn("runs")).toContain("Ours.");
});

describe("cards say what their user says, as those of an export do", () => {
  const about = join(folder, "about.md");
  beforeAll(() =>
    writeFileSync(
      about,
      "---\nlicense: mit\n---\n\n## Limits\n\nFor research alone.\n\n## Thanks\n\nTo both hospitals.\n",
    ),
  );

  test.each([
    ["combine", [north, south]],
    ["svd", [north, "--rank", "2"]],
    ["prune", [north, "--density", "0.5"]],
  ] as const)("adapter %s", async (command, given) => {
    const into = join(folder, `said-${command}`);
    const said = ["--card", about, "--base-model", "hospital/base", "--results", "examples/comparison/adapted"];
    const { code, err } = await runHere(["adapter", command, ...given, "-o", into, ...said]);
    expect([code, err.match(/^(error|warning|note).*/gm)]).toEqual([0, null]);
    const card = readFileSync(join(into, "README.md"), "utf8");
    expect(card).toContain('base_model: "hospital/base"');
    expect(card).toContain("license: mit");
    expect(card).toContain("## Limits\n\nFor research alone.\n");
    expect(card).toMatch(/## Evaluation\n\nEvaluation in adapted: \d+ examples/);
    expect(card).toMatch(/## Thanks\n\nTo both hospitals\.\n$/);
    const config = jsonFields(readFileSync(join(into, "adapter_config.json"), "utf8"));
    expect(config["base_model_name_or_path"]).toBe("hospital/base");
  });

  test("another base model than the adapters' own is noted, and nothing is written for a card that cannot be read", async () => {
    const own = join(folder, "said-combine");
    const into = join(folder, "other-base");
    const { code, err } = await runHere(["adapter", "prune", own, "-o", into, "--base-model", "other/base"]);
    expect(code).toBe(0);
    expect(err).toContain(
      "note: --base-model says other/base, but the adapters name hospital/base as their base model",
    );
    const missing = await runHere([
      "adapter",
      "combine",
      north,
      south,
      "-o",
      join(folder, "none"),
      "--card",
      join(folder, "no.md"),
    ]);
    expect([missing.code, existsSync(join(folder, "none"))]).toEqual([1, false]);
    const alone = await runHere(["adapter", "svd", north, "--card", about]);
    expect([alone.code, alone.err]).toEqual([
      2,
      "error: no folder given for the card\n  help: add -o DIR, and --rank or --energy\n",
    ]);
  });
});
