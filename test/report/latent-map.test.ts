import { describe, expect, test } from "vitest";
import { latentMapSection, latentMapStyle } from "../../runtime/report/latent-map.ts";
import { readElements } from "./markup-check.ts";

const map = {
  kind: "map",
  rows: [0, 2, 3],
  places: [
    [0, 0],
    [10, 5],
    [10, -5],
  ],
  nearest: [
    [1, 2],
    [2, 0],
    [1, 0],
  ],
} as const;
const report = {
  mapped: map,
  names: ["<b>&one.nii.gz", "two", 'thr"ee', "four"],
  classes: ["<i>Effusion", "Nodule"],
  labels: [
    [true, false],
    [true, true],
    [null, true],
    [true, null],
  ],
};

describe("the map of latents", () => {
  const { id, body } = latentMapSection(report);
  const elements = readElements(body);
  const points = elements.filter(({ name }) => name === "circle").map(({ attributes }) => attributes);

  test("has a point for each volume on it, at one scale both ways, within the picture", () => {
    expect(points.map((point) => [point.get("cx"), point.get("cy")])).toEqual([
      ["92", "280"],
      ["628", "12"],
      ["628", "548"],
    ]);
  });

  test("marks each point with the classes that are present, and those that are not known", () => {
    expect(points.map((point) => point.get("class"))).toEqual(["p0", "u0 p1", "p0 u1"]);
  });

  test("has names as text and never as markup", () => {
    expect(body).toContain("<title>&lt;b&gt;&amp;one.nii.gz</title>");
    expect(body).toContain("<title>thr&quot;ee</title>");
    expect(body).toContain(">&lt;i&gt;Effusion</label>");
    expect(elements.filter(({ name }) => name === "b" || name === "i")).toEqual([]);
  });

  test("has a button and a rule for each class, in the same order, and the first is chosen", () => {
    const buttons = elements.filter(({ name }) => name === "input").map(({ attributes }) => attributes);
    expect(
      buttons.map((button) => [button.get("type"), button.get("name"), button.get("id"), button.has("checked")]),
    ).toEqual([
      ["radio", "latents-class", "latents-class-0", true],
      ["radio", "latents-class", "latents-class-1", false],
    ]);
    const labels = elements.filter(({ name }) => name === "label").map(({ attributes }) => attributes.get("for"));
    expect(labels).toEqual(["latents-class-0", "latents-class-1"]);
    const style = latentMapStyle(2);
    expect(style).toContain(".map input:nth-of-type(1):checked~svg .p0{fill:var(--last)");
    expect(style).toContain(".map input:nth-of-type(2):checked~svg .u1{fill:none");
    expect(style).not.toContain("nth-of-type(3)");
  });

  test("says in words what its colours show", () => {
    const named = elements
      .find(({ name }) => name === "svg")
      ?.attributes.get("aria-labelledby")
      ?.split(" ");
    expect(named).toEqual(
      elements
        .filter(({ attributes }) => /^latents-(title|desc)/.test(attributes.get("id") ?? ""))
        .map(({ attributes }) => attributes.get("id")),
    );
    expect(body).toContain("drawn from 4, by cosine and 2 neighbours");
    // Of volume 0 and volume 3, which have an effusion, the neighbours with a known label are each other; nobody else's is known.
    const cells = body
      .match(/<tbody>.*<\/tbody>/s)?.[0]
      .replace(/<[^>]+>/g, "|")
      .replace(/\|+/g, "|");
    expect(cells).toBe("|&lt;i&gt;Effusion|2|0|1.000|1.000|\n|Nodule|1|1|0.000|0.000|");
  });

  test("has ids of its own where a page has several", () => {
    const other = readElements(latentMapSection(report, "latents-2").body);
    const ids = [...elements, ...other].flatMap(({ attributes }) => attributes.get("id") ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    expect(id).toBe("latents");
  });
});

test("without classes there is a map, and nothing to choose", () => {
  const { body } = latentMapSection({ ...report, classes: [], labels: report.labels.map(() => []) });
  const elements = readElements(body);
  expect(elements.filter(({ name }) => name === "circle")).toHaveLength(3);
  expect(elements.filter(({ name }) => name === "input" || name === "table")).toEqual([]);
});

test("where there is no map the page says why", () => {
  const { body } = latentMapSection({ ...report, mapped: { kind: "none", why: "9 volumes are too few for one" } });
  expect(body).toBe('<p class="about">There is no map of latents: 9 volumes are too few for one.</p>');
});
