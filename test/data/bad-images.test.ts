import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { defaultImage } from "../../compiler/index.ts";
import { loadImage } from "../../runtime/data/load-image.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-images-"));
afterAll(() => rmSync(folder, { recursive: true }));

const images = "test/fixtures/open-clip/images";
const png = readFileSync(join(images, "rgb.png"));
const jpeg = readFileSync(join(images, "rgb.jpg"));
const again = "Copy or download it again.";
const other = ["it is not a PNG or JPEG file", "Convert it to one of these."] as const;

function part(name: string, data: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)]);
}

function pngOf(width: number, height: number, depth: number, colour: number, rows: Uint8Array): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour], 8);
  const parts = [part("IHDR", header), part("IDAT", deflateSync(rows)), part("IEND", Buffer.alloc(0))];
  return Buffer.concat([png.subarray(0, 8), ...parts]);
}

/** A picture of this size in its header, whatever its data has. */
function jpegOf(width: number, height: number): Buffer {
  const bytes = Buffer.from(jpeg);
  const at = bytes.indexOf(Buffer.from([0xff, 0xc0]));
  bytes.writeUInt16BE(height, at + 5);
  bytes.writeUInt16BE(width, at + 7);
  return bytes;
}

const size = (width: number, height: number): string =>
  `it has ${width} x ${height} pixels; the limits are 65536 on a side and 67108864 in all`;

const bad: readonly (readonly [string, Uint8Array, message: string | RegExp, help: string | null])[] = [
  ["nothing", Buffer.alloc(0), "it is empty", null],
  ["a text", Buffer.from("VolumeName,Findings_EN\n"), ...other],
  ["an SVG", Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), ...other],
  ["a PDF", Buffer.from("%PDF-1.7\n"), ...other],
  ["a GIF", Buffer.from("GIF89a\u0001\u0000\u0001\u0000", "latin1"), ...other],
  ["a TIFF", Buffer.from("II*\0\u0008\0\0\0", "latin1"), ...other],
  ["a WebP", Buffer.from("RIFF\u0010\0\0\0WEBPVP8 ", "latin1"), ...other],
  ["a DICOM file", Buffer.concat([Buffer.alloc(128), Buffer.from("DICM")]), ...other],
  ["a PNG of its signature", png.subarray(0, 8), "it is a PNG file without a header", again],
  ["a PNG without an end", png.subarray(0, 3000), /^its PNG data is damaged or truncated: ./, again],
  ["a PNG of nothing", pngOf(0, 5, 8, 2, Buffer.alloc(0)), "it is a PNG file of 0 x 5 pixels", null],
  ["a PNG bomb", pngOf(60_000, 60_000, 1, 0, Buffer.alloc(2 ** 20)), size(60_000, 60_000), "Save it smaller."],
  ["a wide PNG", pngOf(2 ** 31 - 1, 1, 1, 0, Buffer.alloc(99)), size(2 ** 31 - 1, 1), "Save it smaller."],
  ["a PNG of too few rows", pngOf(9, 9, 8, 2, Buffer.alloc(28 * 8)), /^its PNG data is damaged or truncated: ./, again],
  ["a PNG of an unknown colour", pngOf(2, 2, 8, 5, Buffer.alloc(9)), /^its PNG header has the unknown colour/, null],
  ["a JPEG of its signature", jpeg.subarray(0, 3), "it is a JPEG file without a size", again],
  ["a JPEG without an end", jpeg.subarray(0, 2000), /^its JPEG data is damaged or truncated: ./, again],
  ["a JPEG that is cut in its header", jpeg.subarray(0, 150), "it is a JPEG file without a size", again],
  ["a JPEG bomb", jpegOf(65_000, 65_000), size(65_000, 65_000), "Save it smaller."],
  ["a JPEG of nothing", jpegOf(0, 9), "it is a JPEG file of 0 x 9 pixels", null],
  [
    "16-bit grey that nothing is said of",
    readFileSync(join(images, "grey-of-12-bits.png")),
    "it has 16-bit grey values, up to 4021, and nothing says how many of the bits are used",
    "Set `bits` for images, such as `bits = 16` for values up to 65535, or convert it to 8 bits.",
  ],
];

test.each(bad)("%s is refused", async (_, bytes, message, help) => {
  const loaded = await loadImage({ path: "a.png", bytes }, defaultImage);
  if (loaded.kind === "ok") throw new Error("it was read");
  expect(loaded.problem).toMatchObject({ subject: "a.png", help });
  if (typeof message === "string") expect(loaded.problem.message).toBe(message);
  else expect(loaded.problem.message).toMatch(message);
});

test("more than the bits that are said is refused", async () => {
  const loaded = await loadImage({ path: join(images, "grey-of-16-bits.png") }, { ...defaultImage, bits: 12 });
  if (loaded.kind === "ok") throw new Error("it was read");
  expect(loaded.problem.message).toMatch(/^it has a grey value of \d+, but `bits = 12` has none above 4095$/);
});

test("a strip is refused where it would lose all its height", async () => {
  const bytes = pngOf(2000, 1, 8, 0, Buffer.alloc(2001));
  const loaded = await loadImage({ path: "strip.png", bytes }, { ...defaultImage, resize: "longest" });
  expect(loaded).toMatchObject({ problem: { message: "2000 x 1 pixels would become 224 x 0" } });
});

test("a strip is read where it is cut, in the memory of what is kept", async () => {
  const bytes = pngOf(60_000, 1, 1, 0, Buffer.concat([Buffer.alloc(1), Buffer.alloc(7500, 0xaa)]));
  const loaded = await loadImage({ path: "strip.png", bytes }, defaultImage);
  expect(loaded).toMatchObject({ kind: "ok", value: { length: 3 * 224 * 224 } });
});

test("what is no file is refused and not waited for", async () => {
  mkdirSync(join(folder, "folder"));
  symlinkSync("loop.png", join(folder, "loop.png"));
  spawnSync("mkfifo", [join(folder, "fifo.png")]);
  const reasons = new Map([
    ["missing.png", "it cannot be read: it does not exist"],
    ["folder", "it is not a file"],
    ["fifo.png", "it is not a file"],
    ["loop.png", "it cannot be read: its symbolic links form a loop"],
  ]);
  for (const [name, message] of reasons) {
    const path = join(folder, name);
    expect(await loadImage({ path }, defaultImage)).toMatchObject({ problem: { subject: path, message } });
  }
});

test("a name says nothing: a JPEG may be called .png", async () => {
  const path = join(folder, "really-a-jpeg.png");
  writeFileSync(path, jpeg);
  expect(await loadImage({ path }, defaultImage)).toEqual(
    await loadImage({ path: "b.jpg", bytes: jpeg }, defaultImage),
  );
});
