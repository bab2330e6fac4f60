import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { histogramOf } from "../../runtime/report/histogram.ts";
import { type DataReport, renderDataPage } from "../../runtime/report/index.ts";
import { placeIn } from "../../runtime/report/place-in.ts";
import { hostileNames } from "../cli/hostile-names.ts";
import { emptyData, fullData } from "./data-sample.ts";
import { readElements } from "./markup-check.ts";

const few = { most: 10, isWhole: false };

describe("a histogram", () => {
  test("has round ranges that hold every number once, the upper end in the next", () => {
    const { bins, outside, only } = histogramOf([0, 0.1, 0.2, 0.25, 0.9, 1], few);
    expect(bins.map(({ count }) => count)).toEqual([1, 1, 2, 0, 0, 0, 0, 0, 0, 1, 1]);
    expect(bins[2]?.from).toBeCloseTo(0.2, 12);
    expect([outside, only]).toEqual([0, null]);
  });

  test("of whole numbers has a bar around each, or as many of them in a range as must be", () => {
    expect(histogramOf([3, 4, 4, 6], { most: 10, isWhole: true }).bins).toEqual([
      { from: 2.5, to: 3.5, count: 1 },
      { from: 3.5, to: 4.5, count: 2 },
      { from: 4.5, to: 5.5, count: 0 },
      { from: 5.5, to: 6.5, count: 1 },
    ]);
    const { bins } = histogramOf([0, 19, 20, 99], { most: 5, isWhole: true });
    expect(bins.map(({ from, count }) => [from, count])).toEqual([
      [0, 2],
      [20, 1],
      [40, 0],
      [60, 0],
      [80, 1],
    ]);
  });

  test("reaches over what is marked on it", () => {
    const { bins } = histogramOf([1, 2], { ...few, reach: [-9, 11] });
    expect([bins[0]?.from, bins.at(-1)?.to]).toEqual([-10, 12]);
  });

  test("leaves out, and counts, a few numbers that are far from all others", () => {
    const values = Array.from({ length: 2000 }, (_, index) => index / 1000);
    const { bins, outside } = histogramOf([...values, 1e6], few);
    // One in two hundred at either end.
    expect(outside).toBe(20);
    expect(bins.at(-1)?.to).toBeLessThan(3);
    expect(histogramOf([...values.slice(0, 100), 1e6], few).outside).toBe(0);
  });

  test("of one number has none", () => {
    expect(histogramOf([0.75, 0.75], few)).toEqual({ bins: [], outside: 0, only: 0.75 });
    expect(histogramOf([...Array<number>(1500).fill(5), 9], few)).toMatchObject({ outside: 1, only: 5 });
  });
});

test("files are named from where a data set is", () => {
  expect(placeIn("a/ct", "a/ct/train/1.nii")).toBe("train/1.nii");
  expect(placeIn("./a/ct/", "a/ct/1.nii")).toBe("1.nii");
  expect(placeIn("a/pairs.csv", "a/img/1.png")).toBe("img/1.png");
  expect(placeIn("pairs.csv", "img/1.png")).toBe("img/1.png");
  expect(placeIn("ct", "/elsewhere/1.nii")).toBe("/elsewhere/1.nii");
});

describe("the page of a data set", () => {
  test("is well formed and loads nothing but the pictures in it", async () => {
    const html = await renderDataPage(fullData());
    const elements = readElements(html);
    const ids = elements.flatMap(({ attributes }) => attributes.get("id") ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    expect(elements.filter(({ name }) => /^(script|link|img|iframe|object|embed|use)$/.test(name))).toEqual([]);
    const addresses = elements.flatMap(({ attributes }) => attributes.get("href") ?? []);
    expect(addresses.filter((address) => !/^#|^data:image\/png;base64,/.test(address))).toEqual([]);
    expect(elements.filter(({ name }) => name === "image")).toHaveLength(6);
    const [, style = ""] = /<style>([\s\S]*?)<\/style>/.exec(html) ?? [];
    const hash = createHash("sha256").update(style).digest("base64");
    const policy = elements.find(({ attributes }) => attributes.has("http-equiv"))?.attributes.get("content");
    expect(policy).toBe(
      `default-src 'none'; img-src data:; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`,
    );
    expect(await renderDataPage(fullData())).toBe(html);
  });

  test("says how much more there is than it shows, so that it stays small", async () => {
    const problem = { subject: "ct/train/a.nii.gz", message: "it is cut off", help: null };
    const many = { ...fullData("x", 300), folder: "ct", problems: Array<typeof problem>(25_692).fill(problem) };
    const html = await renderDataPage(many);
    expect(html).toContain("25,692 problems");
    expect(html.match(/<th scope="row">train\/a\.nii\.gz<\/th>/g)).toHaveLength(100);
    for (const more of ["And 25,592 more.", "And 20 more.", "And 200 more."]) expect(html).toContain(more);
    expect(html.length).toBeLessThan(400_000);
  });

  test("leaves out what there is nothing of", async () => {
    const whole = fullData();
    const parts: readonly (readonly [readonly string[], Partial<DataReport>])[] = [
      [[], {}],
      [["problems"], { problems: whole.problems }],
      [["notes"], { notes: whole.notes }],
      [["classes"], { labels: whole.labels }],
      [["examples"], { examples: whole.examples }],
      [["units", "geometry"], { volumes: whole.volumes }],
      [["geometry"], { volumes: whole.volumes.map((each) => ({ ...each, values: null })) }],
      [
        ["geometry-1", "geometry-2"],
        { volumes: [...whole.volumes, ...whole.volumes].map((each) => ({ ...each, values: null })) },
      ],
      [["texts"], { texts: whole.texts }],
    ];
    for (const [expected, part] of parts) {
      const html = await renderDataPage({ ...emptyData, ...part });
      readElements(html);
      expect([...html.matchAll(/<h2 id="([^"]+)"/g)].map(([, id]) => id)).toEqual(expected);
    }
  });

  test("says what becomes of each orientation, and which volumes are far from the others", async () => {
    const html = await renderDataPage(fullData());
    expect(html).toMatch(/>LPS<.*>300<.*>used as stored</);
    expect(html).toMatch(/>RAS<.*>99<.*>reordered to LPS</);
    expect(html).toMatch(/>not stated<.*>1<.*>refused: the network takes LPS</);
    expect(html).toMatch(/spacing of slices<.*900 mm/);
    expect(html).toContain(
      "looked at the values of 2 volumes: 2 in stored values. It decided <code>units = stored</code>",
    );
  });

  test("has the same elements whatever the names are, and no character that hides or reorders text", async () => {
    // Charts take the time, and hold no names.
    const pageOf = (name: string): Promise<string> => {
      const { volumes, ...rest } = fullData(name, 2);
      return renderDataPage({
        ...rest,
        texts: null,
        volumes: volumes.map((each) => ({
          ...each,
          headers: { ...each.headers, sizes: each.headers.sizes.slice(1, 2), spacing: [] },
          values: each.values === null ? null : { ...each.values, hounsfield: [] },
        })),
      });
    };
    const namesOf = (html: string): ReadonlySet<string> => new Set(readElements(html).map(({ name }) => name));
    const plain = namesOf(await pageOf("plain"));
    for (const name of hostileNames.filter((_, index) => index % 4 === 2)) {
      const html = await pageOf(name);
      expect(namesOf(html)).toEqual(plain);
      for (const { attributes } of readElements(html))
        expect([...attributes.keys()].filter((attribute) => attribute.startsWith("on"))).toEqual([]);
      expect(html).not.toMatch(/(?![\n\t])\p{Cc}|[\u202A-\u202E\u2066-\u2069]/u);
    }
  });
});
