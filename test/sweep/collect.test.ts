import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../runtime/cli/program.ts";
import { decodeScores, evaluateScores } from "../../runtime/evaluate/index.ts";
import { encodeManifest, manifestPath, readManifest } from "../../runtime/sweep/manifest.ts";
import { listeningTerminal } from "../cli/listening-terminal.ts";
import { readElements } from "../report/markup-check.ts";
import { writeFolder } from "./made-runs.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-collect-"));
const root = join(folder, "sweep");
afterAll(() => rmSync(folder, { recursive: true }));

let code = -1;
const { terminal, said } = listeningTerminal();

beforeAll(async () => {
  writeFolder(root, readFileSync("specs/medct-small.vlm", "utf8").replace("train {", "train {\n  keep_best = brier"));
  code = await run(["sweep", "collect", root], terminal);
});

const fileOf = (name: string): string => readFileSync(join(root, name), "utf8");

function table(name: string): readonly ReadonlyMap<string, string>[] {
  const [columns = [], ...rows]: string[][] = parse(fileOf(name));
  return rows.map((row) => new Map(row.map((cell, place) => [columns[place] ?? "", cell])));
}

describe("what is gathered of a sweep", () => {
  test("is a row for each run, in the order of the sweep file, with the numbers of its last evaluation", () => {
    const rows = table("results.csv");
    expect(rows.map((row) => `${row.get("name")} ${row.get("seed")} ${row.get("status")}`)).toEqual([
      "plain 1 done",
      "plain 2 done",
      "other 1 done",
      "other 2 done",
      "part 1 unfinished",
      "absent 1 missing",
    ]);
    const kept = decodeScores(readFileSync(join(root, "runs/other/seed-2/evaluations/step-00000004.json"), "utf8"));
    if (kept === null) throw new Error("it was written so");
    const { overall, classes } = evaluateScores(kept);
    const [effusion] = classes;
    const { meanAuroc, macroF1 } = overall;
    if (meanAuroc.value === null || meanAuroc.interval === null) throw new Error("it has an AUROC");
    expect(Object.fromEntries(rows[3] ?? [])).toMatchObject({
      trainable: "3584",
      share: String(3584 / (385_205 + 3584)),
      steps: "4",
      mean_auroc: String(meanAuroc.value),
      mean_auroc_low: String(meanAuroc.interval.low),
      mean_auroc_high: String(meanAuroc.interval.high),
      macro_f1: String(macroF1.value),
      "auroc: Effusion": String(effusion?.metrics.auroc.value),
      "auroc: Never": "",
    });
  });

  test("has the loss on held-out examples, and the best evaluation by the number that `keep_best` names", () => {
    const [plain, , , other, part] = table("results.csv");
    const briers = [0, 4].map((step) => {
      const path = join(root, `runs/plain/seed-1/evaluations/step-0000000${step}.json`);
      const kept = decodeScores(readFileSync(path, "utf8"));
      return kept === null ? Number.NaN : (evaluateScores({ ...kept, bootstrap: null }).overall.brier.value ?? 0);
    });
    const best = briers.indexOf(Math.min(...briers));
    expect([plain?.get("keep_best"), plain?.get("best"), plain?.get("best_step")]).toEqual([
      "brier",
      String(briers[best]),
      String(4 * best),
    ]);
    expect([plain?.get("validation_loss"), other?.get("validation_loss")]).toEqual(["3.125", "3.25"]);
    expect(["keep_best", "best", "best_step", "validation_loss"].map((name) => part?.get(name))).toEqual([
      "",
      "",
      "",
      "",
    ]);
  });

  test("has no numbers of a run that is not done, which would look like the others'", () => {
    const [, , , , part] = table("results.csv");
    expect(part?.get("steps")).toBe("4");
    expect([...(part ?? [])].filter(([name, cell]) => /auroc|f1|accuracy/.test(name) && cell !== "")).toEqual([]);
  });

  test("has no formula for a table program, and times in a file of their own", () => {
    expect(table("results.csv")[2]?.get("train.optimizer")).toBe(" =sgd(1)");
    expect(table("times.csv")[0]).toEqual(
      new Map([
        ["name", "plain"],
        ["seed", "1"],
        ["seconds", "2"],
      ]),
    );
    expect(fileOf("results.csv")).not.toContain("seconds");
  });

  test("is the same as JSON", () => {
    const read: unknown = JSON.parse(fileOf("results.json"));
    const rows = Array.isArray(read) ? read : [];
    expect(rows).toHaveLength(6);
    expect(rows[3]).toMatchObject({
      name: "other",
      seed: 2,
      status: "done",
      "train.optimizer": "=sgd(1)",
      "auroc: Never": null,
    });
  });

  test("is shown, with what is missing and the end of its log, and is no success", () => {
    expect(code).toBe(1);
    expect(said.out).toMatch(/^plain +1 +3,584/m);
    expect(said.out).toContain("4 of 6 runs done");
    expect(said.err).toContain("unfinished: part, seed 1\n  | $ medctc train\n  | \\u{1b}[31mending\n");
    expect(said.err).toContain("missing: absent, seed 1\n");
  });

  test("is the same bytes where the folder was copied to", async () => {
    const copy = join(folder, "copy");
    cpSync(root, copy, { recursive: true });
    for (const name of ["results.csv", "results.json", "index.html"]) rmSync(join(copy, name));
    await run(["sweep", "collect", copy, "--json"], terminal);
    for (const name of ["results.csv", "results.json", "index.html"]) {
      expect(readFileSync(join(copy, name), "utf8")).toBe(fileOf(name));
    }
  });

  test("is nothing where no sweep was", async () => {
    expect(await run(["sweep", "collect", folder], terminal)).toBe(1);
    writeFileSync(
      join(folder, "sweep.json"),
      '{"title": "x", "entries": [{"name": "../up", "settings": [], "seeds": []}]}',
    );
    expect(await run(["sweep", "collect", folder], terminal)).toBe(1);
    expect(said.err).toContain("is not a sweep's folder");
  });
});

test("a manifest is read as it was written", () => {
  const manifest = readManifest(root);
  expect(manifest?.entries.map(({ seeds }) => seeds)).toEqual([[1, 2], [1, 2], [1], [1]]);
  expect(manifest === null ? "" : encodeManifest(manifest)).toBe(readFileSync(manifestPath(root), "utf8"));
});

describe("the page of a sweep", () => {
  /** The entries and seeds of its first table, in order. */
  function orderOf(page: string): readonly string[] {
    const rows = page.matchAll(/<tr><th scope="row">\d (\w+)<\/th><td class="number">(\d)</g);
    return [...rows].map(([, name, seed]) => `${name} ${seed}`);
  }

  test("is well formed, with unique ids that its links and labels name", () => {
    const elements = readElements(fileOf("index.html"));
    const ids = elements.flatMap(({ attributes }) => attributes.get("id") ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    const named = elements.flatMap(({ attributes }) => [
      ...(attributes.get("href")?.slice(1).split(" ") ?? []),
      ...(attributes.get("aria-labelledby")?.split(" ") ?? []),
    ]);
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter((id) => !ids.includes(id))).toEqual([]);
  });

  test("loads nothing: no script, no address, and a policy that allows its own style alone", () => {
    const page = fileOf("index.html");
    const elements = readElements(page);
    expect(elements.filter(({ name }) => /^(script|link|img|iframe|object|embed|image|use)$/.test(name))).toEqual([]);
    expect(elements.filter(({ attributes }) => attributes.has("style") || attributes.has("src"))).toEqual([]);
    expect(page.replaceAll('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(/https?:|url\(|@import/);
    const [, style = ""] = /<style>([\s\S]*?)<\/style>/.exec(page) ?? [];
    const hash = createHash("sha256").update(style).digest("base64");
    const policy = elements.find(({ attributes }) => attributes.has("http-equiv"))?.attributes.get("content");
    expect(policy).toBe(`default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`);
  });

  test("shows what each entry costs and gives, the best run first, and what is not done", () => {
    const page = fileOf("index.html");
    // Of the Brier score, which `keep_best` names, the lowest is the best.
    const wanted = table("results.csv")
      .filter((row) => row.get("status") === "done")
      .sort((a, b) => Number(a.get("best")) - Number(b.get("best")))
      .map((row) => `${row.get("name")} ${row.get("seed")}`);
    expect(page).toContain("Results, best brier first");
    expect(orderOf(page)).toEqual([...wanted, "part 1", "absent 1"]);
    expect(page).toContain("4 of 6 runs done");
    expect(page).toContain("<summary>part, seed 1: unfinished</summary>");
    expect(page).toContain("<p>absent, seed 1: missing</p>");
  });

  test("has the runs with the lowest losses first where `keep_best` is the loss, though their AUROC is lower", async () => {
    const other = join(folder, "by-loss");
    writeFolder(other, readFileSync("specs/medct-small.vlm", "utf8").replace("train {", "train {\n  keep_best = loss"));
    expect(await run(["sweep", "collect", other], listeningTerminal().terminal)).toBe(1);
    const page = readFileSync(join(other, "index.html"), "utf8");
    expect(page).toContain("Results, best loss first");
    expect(orderOf(page)).toEqual(["plain 1", "plain 2", "other 1", "other 2", "part 1", "absent 1"]);
  });

  test("draws a line for each run, and a mark for each that is done", () => {
    const page = fileOf("index.html");
    const chartOf = (id: string): string =>
      new RegExp(`<svg [^>]*aria-labelledby="${id}-title.*?</svg>`).exec(page)?.[0] ?? "";
    expect(chartOf("losses-wide")).toContain("5 runs, one line each.");
    expect(chartOf("auroc-wide")).toContain("5 runs, one line each.");
    expect(chartOf("held-out-losses-wide")).toContain("5 runs, one line each.");
    const numbers = [...chartOf("cost-wide").matchAll(/font-weight="600"[^>]*>(\d)</g)].map(([, number]) => number);
    expect(numbers).toEqual(["1", "2"]);
  });

  test("shows the AUROC of classes, the darker the better", () => {
    const shades = [...fileOf("index.html").matchAll(/<td class="number h(\d+)">([\d.]+)</g)];
    expect(shades).toHaveLength(8);
    const sorted = shades.toSorted((a, b) => Number(a[2]) - Number(b[2])).map(([, shade]) => Number(shade));
    expect(sorted).toEqual([...sorted].sort((a, b) => a - b));
    expect(new Set(sorted).size).toBeGreaterThan(2);
  });
});
