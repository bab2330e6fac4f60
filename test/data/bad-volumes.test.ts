import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { defaultData } from "../../compiler/index.ts";
import { checkVolume } from "../../runtime/data/check-volume.ts";
import { preprocessVolume } from "../../runtime/data/preprocess.ts";
import { readVolume } from "../../runtime/data/readers/nifti.ts";
import { gzipped, niftiFile } from "./nifti-file.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-bad-"));
afterAll(() => rmSync(folder, { recursive: true }));

const metadata = { slope: 1, intercept: 0, xySpacing: 1, zSpacing: 1 };
const settings = { ...defaultData, size: [2, 2, 2] } as const;
const path = join(folder, "volume.nii.gz");

/** What is wrong with a file, which every way to read it says alike. */
async function rulesOf(bytes: Uint8Array): Promise<readonly string[]> {
  writeFileSync(path, bytes);
  return rulesAt(path);
}

async function rulesAt(file: string): Promise<readonly string[]> {
  const problems = await checkVolume(file, metadata, settings);
  for (const read of [await readVolume(file), await preprocessVolume(file, metadata, settings)]) {
    expect(read.kind === "failed" ? read.problem : null).toEqual(problems[0] ?? null);
  }
  for (const problem of problems) expect(problem.subject).toBe(file);
  return problems.map(({ message }) => message);
}

const packed = gzipped({ sizes: [8, 8, 8] });
const whole = niftiFile();

const bad: readonly (readonly [name: string, bytes: () => Uint8Array, rule: string | RegExp])[] = [
  ["no bytes at all", () => Buffer.alloc(0), "it has 0 bytes, but a NIfTI header has 348"],
  ["three bytes", () => Buffer.from("abc"), "it has 3 bytes, but a NIfTI header has 348"],
  ["a header that is cut off", () => whole.subarray(0, 200), "it ends after 200 bytes of a header of 348"],
  [
    "a NIfTI-2 header that is cut off",
    () => niftiFile({ version: 2 }).subarray(0, 539),
    "it ends after 539 bytes of a header of 540",
  ],
  ["a header alone", () => whole.subarray(0, 348), "it ends at byte 348, but its voxels start at 352"],
  ["voxels that are cut off", () => whole.subarray(0, -1), "it is truncated: it has 399 of 400 bytes"],
  ["packed voxels that are cut off", () => gzipSync(whole.subarray(0, -1)), "it is truncated: it has 399 of 400 bytes"],
  ["bytes behind the voxels", () => Buffer.concat([whole, Buffer.alloc(5)]), "5 bytes follow its 4 x 3 x 2 voxels"],
  [
    "packed bytes behind the voxels",
    () => gzipSync(Buffer.concat([whole, Buffer.alloc(5)])),
    "it continues past its 4 x 3 x 2 voxels",
  ],
  [
    "another text",
    () => Buffer.from("This is no volume, though it is longer than four bytes."),
    /^it starts with 1936287828, but a NIfTI file/,
  ],
  [
    "a DICOM file",
    () => Buffer.concat([Buffer.alloc(128), Buffer.from("DICM")]),
    /^it starts with 0, but a NIfTI file/,
  ],
  ["a wrong size of the header", () => niftiFile({ headerSize: 352 }), /^it starts with 352/],
  [
    "the header of a pair",
    () => niftiFile({ magic: "ni1\0" }),
    "it is the header of a pair of files (.hdr and .img), without voxels",
  ],
  [
    "the NIfTI-2 header of a pair",
    () => niftiFile({ version: 2, magic: "ni2\0\r\n\x1a\n" }),
    "it is the header of a pair of files (.hdr and .img), without voxels",
  ],
  [
    "no magic, as ANALYZE 7.5 has none",
    () => niftiFile({ magic: "\0\0\0\0" }),
    /^its magic is .*, but that of NIfTI-1 is/,
  ],
  ["the magic of the other version", () => niftiFile({ magic: "n+2\0" }), /^its magic is "n\+2/],
  [
    "line ends that a transfer changed",
    () => niftiFile({ version: 2, magic: "n+2\0\n\n\x1a\n" }),
    "its line endings were changed, as by a transfer in text mode",
  ],
  ["no axes", () => niftiFile({ dim: [0, 4, 3, 2] }), "its dim[0] is 0, but NIfTI has 1 to 7 axes"],
  ["eight axes", () => niftiFile({ dim: [8, 4, 3, 2, 1, 1, 1, 1] }), "its dim[0] is 8, but NIfTI has 1 to 7 axes"],
  ["minus one axis", () => niftiFile({ dim: [-1, 4, 3, 2] }), "its dim[0] is -1, but NIfTI has 1 to 7 axes"],
  ["two axes", () => niftiFile({ dim: [2, 4, 3] }), "it has 2 axes, but a volume has 3"],
  ["an axis of zero voxels", () => niftiFile({ dim: [3, 4, 0, 2] }), "its dim[2] is 0"],
  ["an axis of negative size", () => niftiFile({ dim: [3, 4, 3, -2] }), "its dim[3] is -2"],
  [
    "an axis of huge size",
    () => niftiFile({ dim: [3, 32767, 3, 2] }),
    "its 32767 x 3 x 2 voxels are more than 4096 along an axis",
  ],
  [
    "a NIfTI-2 axis beyond whole numbers",
    () => niftiFile({ version: 2, dim: [3, 4, 2 ** 62, 2] }),
    /more than 4096 along an axis$/,
  ],
  [
    "more voxels than are read",
    () => niftiFile({ dim: [3, 4096, 4096, 4096] }),
    "its 4096 x 4096 x 4096 voxels need 128.0 GiB, but at most 1.5 GiB are supported",
  ],
  [
    "several volumes in one file",
    () => niftiFile({ sizes: [2, 2, 2, 5, 2] }),
    "it contains 10 volumes (dim 2 x 2 x 2 x 5 x 2)",
  ],
  [
    "an intercept that is NaN beside a slope",
    () => niftiFile({ intercept: Number.NaN }),
    "its scl_inter is NaN, with a scl_slope of 1",
  ],
  [
    "voxels that start within the header",
    () => niftiFile({ offset: 351 }),
    "its voxels start at byte 351 (vox_offset), within its header of 352",
  ],
  [
    "voxels that start at byte 0",
    () => niftiFile({ offset: 0 }),
    "its voxels start at byte 0 (vox_offset), within its header of 352",
  ],
  ["voxels that start before the file", () => niftiFile({ offset: -352 }), /^its voxels start at byte -352/],
  ["voxels that start nowhere", () => niftiFile({ offset: Number.NaN }), /^its voxels start at byte NaN/],
  [
    "voxels that start behind the end",
    () => niftiFile({ offset: 2_000_000 }),
    "it ends at byte 400, but its voxels start at 2000000",
  ],
  [
    "packed voxels that start behind the end",
    () => gzipped({ offset: 2_000_000 }),
    "it ends at byte 400, but its voxels start at 2000000",
  ],
  ["voxels that start far away", () => gzipped({ offset: 1e30 }), /which is out of range$/],
  ["spacing that is NaN", () => niftiFile({ spacing: [1, Number.NaN, 1] }), "its spacing (pixdim) is 1, NaN, 1"],
  [
    "spacing that is infinite",
    () => niftiFile({ version: 2, spacing: [1, 1, Number.POSITIVE_INFINITY] }),
    "its spacing (pixdim) is 1, 1, Infinity",
  ],
  ["a type that does not exist", () => niftiFile({ datatype: 3 }), "its datatype 3 is not one of NIfTI's"],
  ["single bits", () => niftiFile({ datatype: 1 }), "its voxels are single bits"],
  ["complex numbers", () => niftiFile({ datatype: 32 }), "its voxels are complex numbers (complex64)"],
  ["wide complex numbers", () => niftiFile({ datatype: 1792 }), "its voxels are complex numbers (complex128)"],
  ["the widest complex numbers", () => niftiFile({ datatype: 2048 }), "its voxels are complex numbers (complex256)"],
  ["colours", () => niftiFile({ datatype: 128 }), "its voxels are colours (RGB24)"],
  ["colours with opacity", () => niftiFile({ datatype: 2304 }), "its voxels are colours (RGBA32)"],
  ["floats of 128 bits", () => niftiFile({ datatype: 1536 }), "its voxels are 128-bit floats"],
  [
    "voxels that are NaN or infinite",
    () => niftiFile({ type: "float32", values: [1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] }),
    "3 of its 24 voxels are NaN or infinite",
  ],
  [
    "a 64-bit voxel that is NaN",
    () => gzipped({ type: "float64", littleEndian: false, values: [Number.NaN] }),
    "1 of its 24 voxels is NaN or infinite",
  ],
  ["gzip data that are cut off", () => packed.subarray(0, -20), "it is truncated within its gzip data"],
  ["gzip data without their checksum", () => packed.subarray(0, -8), "it is truncated within its gzip data"],
  ["a gzip header alone", () => packed.subarray(0, 10), "it is truncated within its gzip data"],
  ["a gzip checksum that does not match", () => flipped(packed, packed.length - 6), /^its gzip data is damaged/],
  [
    "text behind gzip data",
    () => Buffer.concat([packed, Buffer.from("garbage")]),
    /^its gzip data is damaged, or something else follows it/,
  ],
  [
    "text behind the padding of gzip data",
    () => Buffer.concat([packed, Buffer.from("\0\0garbage")]),
    "9 unknown bytes follow its gzip data",
  ],
  ["gzip in gzip", () => gzipSync(packed), /^it starts with \d+, but a NIfTI file/],
];

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

describe("a volume's file is refused in words for", () => {
  for (const [name, bytes, rule] of bad) {
    test(name, async () => {
      expect(await rulesOf(bytes())).toEqual([rule instanceof RegExp ? expect.stringMatching(rule) : rule]);
    });
  }

  test("a place where nothing is", async () => {
    expect(await rulesAt(join(folder, "missing.nii.gz"))).toEqual(["it does not exist"]);
  });

  test("a folder without DICOM slices", async () => {
    const [problem] = await checkVolume(folder, metadata, settings);
    expect(problem?.message).toMatch(/^it contains no DICOM slices, but 1 file that is not DICOM$/);
    const read = await preprocessVolume(folder, metadata, settings);
    expect(read.kind === "failed" ? read.problem : null).toEqual(problem);
    const nifti = await readVolume(folder);
    expect(nifti.kind === "failed" ? nifti.problem.message : null).toBe("it is a folder");
  });

  test("a pipe that nobody writes to, without waiting", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    expect(await rulesAt(pipe)).toEqual(["it is not a file"]);
  });
});

describe("what a file asks for bounds what reading it takes", () => {
  test("a gzip bomb is left where the header's voxels end", async () => {
    const bomb = gzipSync(Buffer.concat([niftiFile({ sizes: [2, 2, 2] }), Buffer.alloc(256 * 2 ** 20)]), { level: 9 });
    const before = process.memoryUsage.rss();
    expect(await rulesOf(bomb)).toEqual(["it continues past its 2 x 2 x 2 voxels"]);
    expect(process.memoryUsage.rss() - before).toBeLessThan(128 * 2 ** 20);
  });

  test("a small file that claims much memory takes that of a slice", async () => {
    const small = gzipped({ dim: [3, 512, 512, 3000] });
    writeFileSync(path, small);
    const before = process.memoryUsage.rss();
    const [problem] = await checkVolume(path, metadata, settings);
    expect(problem?.message).toBe("it is truncated: it has 400 of 1572864352 bytes");
    expect(process.memoryUsage.rss() - before).toBeLessThan(128 * 2 ** 20);
  });
});

describe("a check says everything at once", () => {
  test("every rule that a header breaks", async () => {
    const worst = niftiFile({
      datatype: 128,
      dim: [3, 4, 0, 2],
      offset: 3,
      spacing: [Number.NaN, 1, 1],
      intercept: Number.NaN,
    });
    expect(await rulesOf(worst)).toEqual([
      "its voxels are colours (RGB24)",
      "its dim[2] is 0",
      "its voxels start at byte 3 (vox_offset), within its header of 352",
      "its spacing (pixdim) is NaN, 1, 1",
      "its scl_inter is NaN, with a scl_slope of 1",
    ]);
  });

  test("every number of the metadata that is none, beside what is wrong with the file", async () => {
    writeFileSync(path, whole.subarray(0, 390));
    const nonsense = { slope: 0, intercept: Number.NaN, xySpacing: -1, zSpacing: Number.POSITIVE_INFINITY };
    expect((await checkVolume(path, nonsense, settings)).map(({ message }) => message)).toEqual([
      "the metadata give it a RescaleSlope of 0",
      "the metadata give it a RescaleIntercept of NaN",
      "the metadata give it an XYSpacing of -1",
      "the metadata give it a ZSpacing of Infinity",
      "it is truncated: it has 390 of 400 bytes",
    ]);
  });

  test("a size that resampling brings to nothing", async () => {
    writeFileSync(path, whole);
    const rule = "2 slices of 0.1 mm, as the metadata say, would become 0 of 1.5 mm";
    const thin = { ...metadata, zSpacing: 0.1 };
    expect((await checkVolume(path, thin, settings)).map((problem) => problem.message)).toEqual([rule]);
    expect(await preprocessVolume(path, thin, settings)).toMatchObject({
      kind: "failed",
      problem: { subject: path, message: rule },
    });
  });

  test("nothing for a sound file", async () => {
    expect(await rulesOf(whole)).toEqual([]);
  });
});
