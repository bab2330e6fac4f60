import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, test } from "vitest";
import { adjust, corrections } from "../../runtime/evaluate/adjust.ts";
import { compareAurocs } from "../../runtime/evaluate/delong.ts";
import { eachByItself } from "../../runtime/evaluate/index.ts";
import { Random } from "../random.ts";
import { check, pythonWith } from "./environment.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-comparison-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("DeLong's test is MLstatkit's, and corrections of p are statsmodels'", () => {
  const packages = ["mlstatkit==0.1.91", "statsmodels==0.15.0"];
  const python = pythonWith(packages.join("-"), packages);
  const random = new Random(23);
  const aurocs = Array.from({ length: 300 }, () => {
    const examples = 4 + random.below(60);
    // Few different scores in half of them, so that ties are many.
    const different = random.below(2) === 0 ? 2 + random.below(8) : 2 ** 30;
    const draw = (lift: number): Float64Array =>
      Float64Array.from(
        labels,
        (label) => (random.below(different) + (label ? (lift * different) / 4 : 0)) / different,
      );
    const labels = Array.from({ length: examples }, (_, index) => (index < 4 ? index < 2 : random.below(3) === 0));
    const [first, second] = [draw(1), draw(2)];
    const found = compareAurocs(first, second, labels, eachByItself(examples));
    return { labels, a: [...first], b: [...second], found };
  });
  const tests = Array.from({ length: 200 }, () => {
    // Equal ones among them.
    const ps = Array.from({ length: 1 + random.below(20) }, () => (random.below(40) / 40) ** 2);
    return { ps, ...Object.fromEntries(corrections.map((name) => [name, adjust(ps, name)])) };
  });
  const file = join(folder, "cases.json");
  writeFileSync(file, JSON.stringify({ aurocs, tests }));
  check(python, "check_comparison.py", file);
});
