import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { defaultVolume } from "../../compiler/index.ts";
import { checkVolume } from "../../runtime/data/check-volume.ts";
import { examineVolumes, type VolumeFile } from "../../runtime/data/examine-volumes.ts";
import { preprocessVolume } from "../../runtime/data/preprocess.ts";
import { readingOf } from "../../runtime/data/units.ts";
import { Random } from "../random.ts";
import { phantom, phantomFile } from "./phantom.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-units-"));
afterAll(() => rmSync(folder, { recursive: true }));

const random = new Random(5);
/** Hounsfield units of a chest with noise, cut where a scanner cuts them. */
function chest(noise = 20, cut = -1024): readonly number[] {
  const deviation = (): number =>
    ((random.below(1000) + random.below(1000) + random.below(1000)) / 1000 - 1.5) * 2 * noise;
  const share = (count: number, units: number): readonly number[] =>
    Array.from({ length: count }, () => Math.max(cut, Math.round(units + deviation())));
  return [
    share(3500, -1000),
    share(1500, -840),
    share(900, -100),
    share(3500, 40),
    share(400, 300),
    share(200, 900),
  ].flat();
}

const tables = [
  { slope: 1, intercept: -1024 },
  { slope: 1, intercept: -1000 },
  { slope: 1, intercept: -8192 },
  { slope: 2, intercept: 0 },
  { slope: 2, intercept: -1024 },
  { slope: 0.5, intercept: -1024 },
];

describe.each(tables)("with a slope of $slope and an intercept of $intercept", ({ slope, intercept }) => {
  const stored = (units: readonly number[]): readonly number[] => units.map((each) => (each - intercept) / slope);
  const bodies: readonly (readonly [string, readonly number[]])[] = [
    ["a chest", chest()],
    ["a chest with a low dose's noise, uncut", chest(60, -3000)],
    ["a chest without noise", chest(0)],
    ...[-2000, -3024, -8192].map(
      (padding) =>
        [`a chest with padding of ${padding}`, [...chest(), ...new Array<number>(2500).fill(padding)]] as const,
    ),
  ];

  test.each(bodies)("%s is known in Hounsfield units and as stored", (_, units) => {
    expect(readingOf(units, { slope, intercept }).units).toBe("hounsfield");
    expect(readingOf(stored(units), { slope, intercept }).units).toBe("stored");
  });

  test("noise is not known to be anything", () => {
    const noise = Array.from({ length: 5000 }, () => random.below(65536) - 32768);
    expect(readingOf(noise, { slope, intercept }).units).toBe(null);
  });
});

function written(name: string, file: Buffer, intercept: number, slope = 1): VolumeFile & { readonly file: string } {
  const path = join(folder, `${name}.nii.gz`);
  writeFileSync(path, file);
  return { file: path, metadata: { slope, intercept, xySpacing: 1.5, zSpacing: 3 } };
}

const body = phantom();
const needs = { units: "auto", orientation: "LPS", assumeOrientation: null } as const;
const settings = {
  ...defaultVolume,
  spacing: [3, 1.5, 1.5],
  size: [8, 12, 14],
  window: [-1000, 1000],
  storage: "f32",
} as const;
const twice = [1, 2, 3].map((index) => written(`twice-${index}`, phantomFile(body), -1024));
const once = [1, 2, 3].map((index) => written(`once-${index}`, phantomFile(body, { intercept: -1024 }), -1024));
const [firstTwice, firstOnce] = [twice[0], once[0]];
if (firstTwice === undefined || firstOnce === undefined) throw new Error("there are three of each");

describe("`units = auto`", () => {
  test("does not rescale what is in Hounsfield units already, and says why with numbers", async () => {
    const found = await examineVolumes(twice, needs, () => undefined);
    expect(found).toMatchObject({ units: "hounsfield", problems: [] });
    expect(found.notes).toEqual([
      "units = auto: 3 of 3 sampled volumes hold Hounsfield units already (as stored, 38 % of voxels near -1000 and 55 % near 0; after the table's intercept of -1024, 59 % and none): the table's slope and intercept are not applied",
    ]);
  });

  test("rescales what a scanner stored, and says why with numbers", async () => {
    const found = await examineVolumes(once, needs, () => undefined);
    expect(found).toMatchObject({ units: "stored", problems: [] });
    expect(found.notes).toEqual([
      "units = auto: 3 of 3 sampled volumes hold stored values, not Hounsfield units (as stored, none of voxels near -1000 and 41 % near 0; after the table's intercept of -1024, 38 % and 55 %): the table's slope and intercept are applied",
    ]);
  });

  test("refuses a mixture, with a file of each", async () => {
    const found = await examineVolumes([...once, ...twice], needs, () => undefined);
    expect(found.problems).toMatchObject([
      {
        message: `some volumes hold Hounsfield units already (${firstTwice.file}), and others values that the table's slope and intercept make Hounsfield units of (${firstOnce.file})`,
      },
    ]);
  });

  test("says nothing where the table changes nothing, and that it cannot tell where values do not", async () => {
    const plain = written("plain", phantomFile(body), 0);
    expect((await examineVolumes([plain], needs, () => undefined)).notes).toEqual([]);
    const flat = { ...body, units: body.units.map((_, index) => index % 4000) };
    const found = await examineVolumes([written("flat", phantomFile(flat), 17)], needs, () => undefined);
    expect(found).toMatchObject({ units: "stored", problems: [] });
    expect(found.notes).toEqual([
      "units = auto: the values of the sampled volume do not show whether they are Hounsfield units already: the table's slope and intercept are applied, as with `units = stored`",
    ]);
  });

  test("looks at a few volumes of many, the first and the last among them", async () => {
    const many = Array.from({ length: 100 }, (_, index) => (index === 99 ? firstTwice : firstOnce));
    const found = await examineVolumes(many, needs, () => undefined);
    expect(found.problems).toHaveLength(1);
  });
});

describe("a volume whose values are no scan's in the units in force", () => {
  test("is refused alike when it is loaded and when it is checked: rescaled twice", async () => {
    const { file, metadata } = firstTwice;
    const packed = await preprocessVolume(file, metadata, { ...settings, units: "stored" });
    const expected = {
      subject: file,
      message:
        "it is stored in Hounsfield units (38 % of its voxels are near -1000), and the metadata's intercept of -1024 would be applied to them again",
      help: "Write `units = hounsfield` in the `data` block, or correct its row of the metadata.",
    };
    expect(packed).toEqual({ kind: "failed", problem: expected });
    expect(await checkVolume(file, metadata, { ...settings, units: "stored" })).toEqual([expected]);
  });

  test("is refused where it should be rescaled and is not", async () => {
    const { file, metadata } = firstOnce;
    const packed = await preprocessVolume(file, metadata, { ...settings, units: "hounsfield" });
    expect(packed).toMatchObject({
      kind: "failed",
      problem: {
        message:
          "it is not stored in Hounsfield units: the metadata's intercept of -1024 would make them (38 % of its voxels would be near -1000), but is not applied",
      },
    });
  });

  test("is refused where nearly all of it is below air under either reading", async () => {
    const deep = written("deep", phantomFile({ ...body, units: body.units.map((each) => each - 3000) }), -8192);
    for (const units of ["stored", "hounsfield"] as const) {
      const packed = await preprocessVolume(deep.file, deep.metadata, { ...settings, units });
      const how = units === "stored" ? "with the metadata's intercept of -8192" : "as stored";
      expect(packed).toMatchObject({
        kind: "failed",
        problem: { message: `100 % of its voxels are below -1200 Hounsfield units ${how}, which no CT is` },
      });
    }
  });

  test("is not one with a scanner's padding around the circle", async () => {
    for (const padding of [-2000, -3024, -8192]) {
      const padded = { ...body, units: body.units.map((each) => (each < -990 ? padding : each)) };
      const { file, metadata } = written(`padded${padding}`, phantomFile(padded, { intercept: -1024 }), -1024);
      expect(await preprocessVolume(file, metadata, { ...settings, units: "stored" })).toMatchObject({ kind: "ok" });
    }
  });
});
