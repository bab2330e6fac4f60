import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { type DicomParts, dicomFile, type Elements, encapsulated, rleFrame, syntaxes } from "./dicom-bytes.ts";
import { readWhole, type WholeVolume } from "./whole-volume.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-dicom-"));
afterAll(() => rmSync(folder, { recursive: true }));
const series = join(folder, "series");
beforeEach(() => {
  rmSync(series, { recursive: true, force: true });
  mkdirSync(series);
});

function write(name: string, parts: DicomParts | Buffer = {}): void {
  writeFileSync(join(series, name), Buffer.isBuffer(parts) ? parts : dicomFile(parts));
}

/** Slices at these places along z, with names in an order of their own. */
function writeSlices(places: readonly number[], parts: DicomParts = {}): void {
  for (const [index, place] of places.entries()) {
    write(`${places.length - index}.dcm`, { position: [0, 0, place], values: Array(12).fill(place), ...parts });
  }
}

async function readGood(path = series): Promise<WholeVolume> {
  const read = await readWhole(path);
  if (read.kind === "failed") throw new Error(read.problem.map(({ message }) => message).join("; "));
  return read.value;
}

async function faults(path = series): Promise<readonly string[]> {
  const read = await readWhole(path);
  return read.kind === "failed" ? read.problem.map(({ message }) => message) : ["no fault"];
}

describe("a series", () => {
  test("lies in the order of its positions along the normal, whatever names and numbers say", async () => {
    writeSlices([5, -2.5, 2.5, 0]);
    const { header, values } = await readGood();
    expect(header.sizes).toEqual([4, 3, 4]);
    expect([...values].filter((_, index) => index % 12 === 0)).toEqual(
      [-2.5, 0, 2.5, 5].map((z) => Math.trunc(z) - 1024),
    );
  });

  test("has its affine from position, orientation and spacing, in RAS", async () => {
    writeSlices([10, 12]);
    const { header } = await readGood();
    // PixelSpacing has the distance of rows first.
    expect(header.affine).toEqual([
      [-0.5, -0, -0, -0],
      [-0, -0.75, -0, -0],
      [0, 0, 2, 10],
    ]);
  });

  test("that is fed from head to feet and lies on its side goes along its own normal", async () => {
    const orientation = [0, 1, 0, -1, 0, 0];
    for (const [index, place] of [3, 1, 2].entries()) write(`${index}`, { orientation, position: [7, 8, place] });
    const { header } = await readGood();
    expect(header.affine).toEqual([
      [-0, 0.75, -0, -7],
      [-0.5, -0, -0, -8],
      [0, 0, 1, 1],
    ]);
  });

  test("of a CT that is rescaled has Hounsfield units; others have what was stored", async () => {
    const unitsOf = async (parts: DicomParts): Promise<string> => {
      writeSlices([0, 1], parts);
      return (await readGood()).header.units;
    };
    expect(await unitsOf({})).toBe("hounsfield");
    expect(await unitsOf({ slope: null })).toBe("stored");
    expect(await unitsOf({ elements: { "00281054": ["LO", "US"] } })).toBe("stored");
    expect(await unitsOf({ elements: { "00080060": ["CS", "MR"] } })).toBe("stored");
  });

  test("keeps what is stored, and its scaling in the header", async () => {
    writeSlices([0, 1], { slope: 0.5, intercept: 3 });
    const { header } = await readGood();
    expect(header).toMatchObject({ type: "int16", slope: 0.5, intercept: 3 });
  });

  test("whose slices are scaled differently is brought to one scale", async () => {
    write("a", { position: [0, 0, 0], slope: 2, intercept: 1, values: Array(12).fill(100) });
    write("b", { position: [0, 0, 1], slope: 0.25, intercept: -3, values: Array(12).fill(-8) });
    const { header, values } = await readGood();
    expect(header).toMatchObject({ type: "float64", slope: 1, intercept: 0, units: "hounsfield" });
    expect([values[0], values[12]]).toEqual([201, -5]);
  });

  test("of one slice has the distance that the slice states", async () => {
    write("a", { elements: { "00180050": ["DS", "5"], "00180088": ["DS", "2.5"] } });
    expect((await readGood()).header.affine?.[2]).toEqual([0, 0, 2.5, 0]);
    write("a", { elements: { "00180050": ["DS", "5"] } });
    expect((await readGood()).header.affine?.[2]).toEqual([0, 0, 5, 0]);
    write("a");
    expect(await faults()).toEqual(["it has one slice, which does not say how thick it is"]);
  });

  test("may be rounded", async () => {
    writeSlices([0, 1.3, 2.5, 3.8, 5]);
    expect((await readGood()).header.affine?.[2]).toEqual([0, 0, 1.25, 0]);
  });

  test("has only the bits that count, whatever lies above them", async () => {
    const values = [0x0001, 0x0fff, 0xf800, 0x7123].concat(Array(8).fill(0));
    const about: DicomParts = { stored: 12, values, slope: null };
    writeSlices([0, 1], about);
    expect([...(await readGood()).values].slice(0, 4)).toEqual([1, -1, -2048, 0x123]);
    writeSlices([0, 1], { ...about, signed: false });
    expect([...(await readGood()).values].slice(0, 4)).toEqual([1, 0xfff, 0x800, 0x123]);
    writeSlices([0, 1], { ...about, elements: { "00280102": ["US", 15] } });
    expect([...(await readGood()).values].slice(0, 4)).toEqual([0, 0xff, -128, 0x712]);
  });

  test("has the same values in every type and transfer syntax", async () => {
    const values = [0, 1, 1, 1, 1, 7, 0, 0, 127, 127, 100, 3];
    for (const syntax of ["implicit", "explicit", "deflated", "big", "rle"] as const) {
      for (const [allocated, signed] of [
        [8, true],
        [8, false],
        [16, true],
        [16, false],
        [32, true],
        [32, false],
      ] as const) {
        writeSlices([0, 1], { syntax, allocated, signed, values, slope: null });
        const read = await readGood();
        expect([...read.values.slice(0, 12)], `${syntax} ${allocated}`).toEqual(values);
        expect(read.header.type).toBe(`${signed ? "" : "u"}int${allocated}`);
      }
    }
  });

  test("that screens show inverted has the same values", async () => {
    writeSlices([0, 1], { elements: { "00280004": ["CS", "MONOCHROME1"] } });
    expect((await readGood()).values[12]).toBe(-1023);
  });
});

describe("files that are not slices", () => {
  const localizer: DicomParts = { series: "1.9", elements: { "00080008": ["CS", "ORIGINAL\\PRIMARY\\LOCALIZER"] } };
  const report: DicomParts = {
    pixels: null,
    elements: { "00080016": ["UI", "1.2.840.10008.5.1.4.1.1.88.22"], "00280010": ["US", null] },
  };
  const capture: DicomParts = {
    series: "1.8",
    elements: { "00080016": ["UI", "1.2.840.10008.5.1.4.1.1.7"], "00200032": ["DS", null] },
  };

  test("are passed over and counted", async () => {
    writeSlices([0, 1]);
    write("scout", localizer);
    write("report.dcm", report);
    write("dose", capture);
    write("dose2", capture);
    write("README.txt", Buffer.from("About these files"));
    write(".hidden", Buffer.from("?"));
    const { header, notes } = await readGood();
    expect(header.sizes[2]).toBe(2);
    expect(notes).toEqual([
      "passed over 1 localizer, 2 secondary captures, 1 DICOM file without pixels and 1 file that is not DICOM",
    ]);
  });

  test("are counted where there is nothing else", async () => {
    expect(await faults()).toEqual(["it contains no DICOM slices"]);
    write("scout", localizer);
    expect(await faults()).toEqual(["it contains no DICOM slices, but 1 localizer"]);
  });
});

describe("refused, with the files", () => {
  test("a missing slice", async () => {
    writeSlices([0, 1, 2, 5, 6]);
    expect(await faults()).toEqual([
      "2 slices are missing between `3.dcm` at 2 mm and `2.dcm` at 5 mm; others are 1 mm apart",
    ]);
  });

  test("a missing slice next to the last", async () => {
    writeSlices([0, 1, 2, 3, 4, 5, 6, 8]);
    expect(await faults()).toEqual([
      "1 slice is missing between `2.dcm` at 6 mm and `1.dcm` at 8 mm; others are 1 mm apart",
    ]);
  });

  test("two slices at one place", async () => {
    writeSlices([0, 1, 1, 2, 3]);
    expect(await faults()).toEqual(["2 of its slices are at the same place: `3.dcm` at 1 mm and `4.dcm` at 1 mm"]);
  });

  test("a whole series twice", async () => {
    writeSlices(Array.from({ length: 24 }, (_, index) => Math.floor(index / 2)));
    const found = await faults();
    expect(found).toHaveLength(11);
    expect(found.at(-1)).toBe("2 more pairs of its slices are at the same place");
  });

  test("distances that grow", async () => {
    writeSlices([0, 1, 2.2, 3.5, 4.9]);
    expect(await faults()).toEqual([
      "its slices are not evenly spaced: they are 1 mm to 1.4 mm apart, unevenly by `4.dcm`",
    ]);
  });

  test("several series", async () => {
    writeSlices([0, 1, 2]);
    write("x", { series: "1.2.4" });
    expect(await faults()).toEqual([
      "it contains 2 series, by their SeriesInstanceUID: `1.2.3` (3 slices), `1.2.4` (1 slice)",
    ]);
  });

  test("slices of another size, spacing, orientation or type", async () => {
    writeSlices([0, 1, 2]);
    const about = { position: [0, 0, 3] };
    write("x.dcm", { ...about, columns: 5 });
    expect(await faults()).toEqual(["its slices differ in size: 4 x 3 (`1.dcm` and 2 more), 5 x 3 (`x.dcm`)"]);
    write("x.dcm", { ...about, spacing: [0.75, 0.6] });
    expect(await faults()).toEqual([
      "its slices differ in PixelSpacing: 0.75, 0.5 (`1.dcm` and 2 more), 0.75, 0.6 (`x.dcm`)",
    ]);
    write("x.dcm", { ...about, orientation: [0, 1, 0, 1, 0, 0], signed: false });
    expect(await faults()).toEqual([
      "its slices differ in type: int16 (`1.dcm` and 2 more), uint16 (`x.dcm`)",
      "its slices differ in ImageOrientationPatient: 1, 0, 0, 0, 1, 0 (`1.dcm` and 2 more), 0, 1, 0, 1, 0, 0 (`x.dcm`)",
    ]);
    write("x.dcm", { ...about, slope: null });
    expect(await faults()).toEqual([
      "its slices differ in what their values are: HU (`1.dcm` and 2 more), unscaled (`x.dcm`)",
    ]);
  });

  test("a tilted gantry", async () => {
    for (let z = 0; z < 5; z++) write(`${z}`, { position: [0, z * Math.tan(Math.PI / 15), z] });
    expect(await faults()).toEqual(["its slices are sheared by 12.0 degrees, as by a tilted gantry"]);
  });

  test("a slice beside the others", async () => {
    for (let z = 0; z < 5; z++) write(`${z}`, { position: [z === 2 ? 4 : 0, 0, z] });
    expect(await faults()).toEqual(["`2` lies 4 mm beside the line of the other slices"]);
  });

  test.each<[string, DicomParts]>([
    [
      "its pixels are compressed as JPEG 2000 lossless (transfer syntax 1.2.840.10008.1.2.4.90), which is not supported",
      { claimed: "1.2.840.10008.1.2.4.90" },
    ],
    ["its transfer syntax `1.2.3` is not supported", { claimed: "1.2.3" }],
    ["it has no ImagePositionPatient", { elements: { "00200032": ["DS", null] } }],
    [
      "its ImagePositionPatient is 1, NaN, but three numbers are expected",
      { elements: { "00200032": ["DS", "1\\x"] } },
    ],
    [
      "its ImageOrientationPatient is 1, 0, 0, 0, 0.5, 0, but two perpendicular directions of length 1 are expected",
      { orientation: [1, 0, 0, 0, 0.5, 0] },
    ],
    ["its PixelSpacing is 0, 1, but two distances are expected", { spacing: [0, 1] }],
    ["its pixels are colours (RGB)", { elements: { "00280002": ["US", 3], "00280004": ["CS", "RGB"] } }],
    ["its pixels have 12 bits, but 8, 16 or 32 are supported", { elements: { "00280100": ["US", 12] } }],
    ["its pixels have 16 bits, of which 17 up to bit 16 cannot be stored", { stored: 17 }],
    ["its Rows and Columns are missing and 4", { elements: { "00280010": ["US", null] } }],
    ["its RescaleSlope is 0", { slope: 0 }],
    ["its RescaleIntercept is NaN", { intercept: Number.NaN }],
    ["its values are given by a look-up table", { elements: { "00283000": ["SQ", [{ "00283004": ["LO", "HU"] }]] } }],
    ["its pixel data have 24 bytes, but 4 x 4 pixels of 16 bits need 32", { elements: { "00280010": ["US", 4] } }],
    [
      "its pixel data have 24 bytes, but 65535 x 65535 pixels of 16 bits need 8589672450",
      { elements: { "00280010": ["US", 65535], "00280011": ["US", 65535] } },
    ],
    ["it contains 2 frames without their positions", { elements: { "00280008": ["IS", "2"] } }],
    ["its NumberOfFrames is 0", { elements: { "00280008": ["IS", "0"] } }],
    ["it is truncated: it has no pixel data", { pixels: null }],
    ["its uncompressed pixel data have no length", { pixels: encapsulated([Buffer.alloc(4)]) }],
    ["its compressed pixel data have a length, 24, and no parts", { claimed: syntaxes.rle }],
    ["its RLE data have 4 bytes, but their header has 64", { syntax: "rle", pixels: encapsulated([Buffer.alloc(4)]) }],
    [
      "its RLE data have 1 segments for pixels of 16 bits",
      { syntax: "rle", pixels: encapsulated([rleFrame(Buffer.alloc(12), 1)]) },
    ],
    ["its RLE data end before its pixels do", { syntax: "rle", pixels: encapsulated([rleFrame(Buffer.alloc(22), 2)]) }],
    ["it has no compressed pixel data", { syntax: "rle", pixels: encapsulated([]) }],
    [
      "its pixels are single bytes in words of big-endian order, which is not supported",
      { syntax: "big", allocated: 8, elements: { "7fe00010": ["OW", Buffer.alloc(12)] } },
    ],
  ])("%s", async (message, parts) => {
    writeSlices([0, 1]);
    write("2.dcm", parts);
    expect(await faults()).toEqual([`\`2.dcm\`: ${message}`]);
  });

  test("files that are cut off, each by its name", async () => {
    const whole = dicomFile();
    writeSlices([0, 1]);
    write("3.dcm", whole.subarray(0, whole.length - 2));
    write("4.dcm", whole.subarray(0, 300));
    write("5.dcm", Buffer.alloc(0));
    write("6.dcm", dicomFile({ syntax: "deflated" }).subarray(0, 250));
    expect(await faults()).toEqual([
      "`3.dcm`: it is truncated: it has 22 of 24 bytes of pixel data",
      "`4.dcm`: its data elements are damaged or truncated, or their sequences are nested too deeply",
      "`5.dcm`: it is not a DICOM file: it does not have `DICM` at byte 128",
      "`6.dcm`: its deflated data are damaged or truncated, or unpack to more than 64 MiB",
    ]);
  });

  test("a deflated bomb and 100,000 nested sequences", async () => {
    write("1.dcm", { syntax: "deflated", elements: { "00091010": ["UN", Buffer.alloc(2 ** 27)] } });
    const nested = Buffer.from("0800401153510000fffffffffeff00e0ffffffff", "hex");
    const deep = Buffer.concat([dicomFile({ pixels: null }), ...Array<Buffer>(100_000).fill(nested)]);
    write("2.dcm", deep);
    expect(await faults()).toEqual([
      "`1.dcm`: its deflated data are damaged or truncated, or unpack to more than 64 MiB",
      "`2.dcm`: its data elements are damaged or truncated, or their sequences are nested too deeply",
    ]);
  });

  test("a path that is not there", async () => {
    expect(await faults(join(folder, "missing"))).toEqual(["it does not exist"]);
  });
});

describe("a file of several frames", () => {
  const frame = (z: number): Elements => ({ "00209113": ["SQ", [{ "00200032": ["DS", `0\\0\\${z}`] }]] });
  const shared: Elements = {
    "00209116": ["SQ", [{ "00200037": ["DS", "1\\0\\0\\0\\1\\0"] }]],
    "00289110": ["SQ", [{ "00280030": ["DS", "1\\2"] }]],
    "00289145": ["SQ", [{ "00281052": ["DS", "-10"], "00281053": ["DS", "1"] }]],
  };
  const enhanced = (places: readonly number[], pixels: Buffer): DicomParts => ({
    pixels,
    slope: null,
    elements: {
      "00080016": ["UI", "1.2.840.10008.5.1.4.1.1.2.1"],
      "00200032": ["DS", null],
      "00200037": ["DS", null],
      "00280008": ["IS", "3"],
      "00280030": ["DS", null],
      "52009229": ["SQ", [shared]],
      "52009230": ["SQ", places.map(frame)],
    },
  });
  const pixelsOf = (frame: number): Buffer => Buffer.from(Int16Array.from({ length: 12 }, () => frame).buffer);

  test("is a volume, from the file alone or from its folder", async () => {
    write("e.dcm", enhanced([2, 0, 1], Buffer.concat([0, 1, 2].map(pixelsOf))));
    for (const path of [series, join(series, "e.dcm")]) {
      const { header, values } = await readGood(path);
      expect(header).toMatchObject({ sizes: [4, 3, 3], intercept: -10, units: "hounsfield" });
      expect([values[0], values[12], values[24]]).toEqual([-9, -8, -10]);
    }
  });

  test("in RLE has a part for each", async () => {
    const frames = [0, 1, 2].map((value) => rleFrame(pixelsOf(value), 2));
    write("e.dcm", { ...enhanced([2, 0, 1], encapsulated(frames)), syntax: "rle" });
    expect([...(await readGood()).values].filter((_, index) => index % 12 === 0)).toEqual([-9, -8, -10]);
  });

  test("with another number of parts is refused", async () => {
    const frames = [0, 1].map((value) => rleFrame(pixelsOf(value), 2));
    write("e.dcm", { ...enhanced([2, 0, 1], encapsulated(frames)), syntax: "rle" });
    expect(await faults()).toEqual(["`e.dcm`, frame 2: its compressed pixel data are in 2 parts for 3 frames"]);
  });

  test("without the positions of all is refused", async () => {
    write("e.dcm", enhanced([2, 0], Buffer.concat([0, 1, 2].map(pixelsOf))));
    expect(await faults()).toEqual(["`e.dcm`: it contains 3 frames, but the positions of 2"]);
  });
});
