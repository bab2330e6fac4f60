import { beforeAll, describe, expect, test } from "vitest";
import { compareEvaluations } from "../../runtime/app/evaluate/comparison-page.ts";
import { namedRuns } from "./compare-sample.ts";
import { readElements } from "./markup-check.ts";

const runs = namedRuns();
let found: Awaited<ReturnType<typeof compareEvaluations>>;

beforeAll(async () => {
  found = await compareEvaluations("Base and adapted", runs);
});

describe("a page that compares runs", () => {
  test("is well formed, with unique ids that its links and labels name", () => {
    const elements = readElements(found.page);
    const ids = elements.flatMap(({ attributes }) => attributes.get("id") ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    const named = elements.flatMap(({ attributes }) => [
      ...(attributes.get("href")?.slice(1).split(" ") ?? []),
      ...(attributes.get("aria-labelledby")?.split(" ") ?? []),
    ]);
    expect(named.filter((id) => !ids.includes(id))).toEqual([]);
  });

  test("has the evaluations that were made before", () => {
    expect(found.evaluations).toEqual(runs.map(({ evaluation }) => evaluation));
  });

  test("is the same page when it is made again", async () => {
    expect((await compareEvaluations("Base and adapted", runs)).page).toBe(found.page);
  });
});
