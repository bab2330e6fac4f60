import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { defaultVolume } from "../../compiler/index.ts";
import { checkVolume } from "../../runtime/data/check-volume.ts";
import { preprocessVolume } from "../../runtime/data/preprocess.ts";
import { unpack, type VolumeSettings } from "../../runtime/data/transforms/index.ts";
import { mutantCount } from "../mutant-count.ts";
import { Random } from "../random.ts";
import { type DicomParts, dicomFile, type Elements, encapsulated, rleFrame, syntaxes } from "./dicom-bytes.ts";
import { readWhole } from "./whole-volume.ts";

const count = mutantCount(1000);
const folder = mkdtempSync(join(tmpdir(), "medctc-dicom-mutants-"));
afterAll(() => rmSync(folder, { recursive: true }));

const settings: VolumeSettings = {
  ...defaultVolume,
  spacing: [1, 1, 1],
  size: [4, 4, 4],
  window: [-100, 100],
  storage: "f32",
};
const fixture = "test/fixtures/dicom-small/series";
const others = readdirSync(fixture).map((name) => readFileSync(join(fixture, name)));

const extremes = [0, 1, -1, 2, 7, 8, 12, 127, 255, 4096, 4097, 32767, -32768, 2 ** 31 - 1, -(2 ** 31), 0xfffee000 | 0];
const words = [
  "",
  "0",
  "1",
  "-1",
  "1e308",
  "1e-308",
  "NaN",
  "x",
  "1\\2",
  "1\\2\\3",
  "9".repeat(40),
  "1\\0\\0\\0\\1\\0",
];
const tagsRead = [
  "00080008 00080016 00080060 00180050 00180088 0020000e 00200032 00200037 00280002 00280004 00280008 00280010 00280011",
  "00280030 00280100 00280101 00280102 00280103 00281052 00281053 00281054 00283000 52009229 52009230 7fe00010",
].flatMap((line) => line.split(" "));

/** A slice whose elements are not what they should be, though they are written as they should. */
function strangeParts(random: Random): DicomParts {
  const syntax = random.pick(Object.keys(syntaxes).filter(isSyntax));
  const allocated = random.pick([8, 16, 32]);
  const base: DicomParts = { syntax, allocated, position: [0, 0, 1], slope: random.pick([1, -2, 1e300, 0.5]) };
  if (random.below(2) === 0) return base;
  const tag = random.pick(tagsRead);
  const item: Elements = { [random.pick(tagsRead)]: ["DS", random.pick(words)] };
  const frame = rleFrame(Buffer.alloc((12 * allocated) / 8), allocated / 8);
  const value = random.pick([
    null,
    random.pick(words),
    random.below(65_536),
    [item, { [tag]: ["SQ", [item]] }],
  ] as const);
  return {
    ...base,
    ...(random.below(6) === 0 ? { pixels: random.pick([encapsulated([frame, frame]), Buffer.alloc(7), frame]) } : {}),
    elements: { [tag]: [random.pick(["DS", "US", "SQ", "UN", "OB", "CS"]), value] },
  };
}

function isSyntax(name: string): name is keyof typeof syntaxes {
  return name in syntaxes;
}

function mutant(random: Random): Buffer {
  let bytes = random.below(4) === 0 ? random.pick(others) : dicomFile(strangeParts(random));
  const little = random.below(8) > 0;
  for (let step = random.below(4); step > 0; step--) bytes = changed(bytes, random, little);
  return bytes;
}

/** Damage: mostly behind the preamble, where lengths and tags are. */
function changed(bytes: Buffer, random: Random, little: boolean): Buffer {
  const copy = Buffer.from(bytes);
  const at = random.below(8) === 0 ? random.below(copy.length) : 132 + random.below(Math.max(1, copy.length - 140));
  const view = new DataView(copy.buffer, copy.byteOffset, copy.byteLength);
  const fits = (size: number): boolean => at + size <= copy.length;
  switch (random.below(8)) {
    case 0:
      if (fits(1)) copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
      return copy;
    case 1:
      if (fits(2)) view.setInt16(at, random.pick(extremes), little);
      return copy;
    case 2:
      if (fits(4)) view.setInt32(at, random.pick(extremes), little);
      return copy;
    case 3:
      copy.write(random.pick(["SQ", "UN", "OB", "DS", "US", "\0\0"]), Math.min(at, copy.length - 2), "latin1");
      return copy;
    case 4:
      return copy.subarray(0, at);
    case 5:
      return Buffer.concat([copy, copy.subarray(at)]);
    case 6: {
      // A sequence without an end, as often as it may be.
      const sequence = Buffer.from("0800401153510000fffffffffeff00e0ffffffff", "hex");
      return Buffer.concat([
        copy.subarray(0, at),
        ...Array<Buffer>(random.below(40)).fill(sequence),
        copy.subarray(at),
      ]);
    }
    default: {
      const end = at + random.below(copy.length - Math.min(at, copy.length) + 1);
      return Buffer.concat([copy.subarray(0, at), copy.subarray(end)]);
    }
  }
}

test(`${count} damaged files are read or refused in words, alike by all that reads them, and nothing throws`, async () => {
  const random = new Random(22);
  const seen = { sound: 0, wrong: 0, passedOver: 0 };
  for (let round = 0; round < count; round++) {
    const series = join(folder, String(round));
    mkdirSync(series);
    const bytes = mutant(random);
    const isOther = bytes.length > 1000;
    // With a slice of its own beside it, and sometimes as one that must be DICOM.
    writeFileSync(join(series, "0"), isOther ? (others[0] ?? bytes) : dicomFile({ position: [0, 0, 0] }));
    writeFileSync(join(series, random.pick(["1", "1.dcm"])), bytes);
    const about = `mutant ${round}: ${bytes.toString("base64")}`;
    const metadata = { slope: random.pick([1, -2]), intercept: 0, xySpacing: 1, zSpacing: 2 };
    const notes: string[] = [];
    const problems = await checkVolume(series, metadata, settings, (note) => notes.push(note));
    const packed = await preprocessVolume(series, metadata, settings);
    const read = await readWhole(series);
    rmSync(series, { recursive: true });
    expect(read.kind, about).toBe(packed.kind);
    if (packed.kind === "failed") {
      seen.wrong++;
      expect(packed.problem, about).toEqual(problems[0]);
      for (const { message } of problems) expect(message, about).toMatch(/^\S.{5,399}$/s);
      continue;
    }
    seen.sound++;
    seen.passedOver += notes.length;
    expect(problems, about).toEqual([]);
    const values = unpack(packed.value, settings);
    expect(
      values.every((value) => value >= -1 && value <= 1),
      about,
    ).toBe(true);
  }
  expect(seen.sound).toBeGreaterThan(count / 20);
  expect(seen.wrong).toBeGreaterThan(count / 3);
});
