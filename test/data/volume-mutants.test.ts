import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { defaultVolume } from "../../compiler/index.ts";
import { checkVolume } from "../../runtime/data/check-volume.ts";
import { preprocessVolume } from "../../runtime/data/preprocess.ts";
import { readVolume, valuesOf } from "../../runtime/data/readers/nifti.ts";
import type { VoxelType } from "../../runtime/data/readers/voxels.ts";
import { unpack, type VolumeSettings } from "../../runtime/data/transforms/index.ts";
import { failed } from "../../runtime/text/index.ts";
import { mutantCount } from "../mutant-count.ts";
import { Random } from "../random.ts";
import { niftiFile } from "./nifti-file.ts";

const count = mutantCount(3000);
const folder = mkdtempSync(join(tmpdir(), "medctc-mutants-"));
afterAll(() => rmSync(folder, { recursive: true }));

const settings: VolumeSettings = {
  ...defaultVolume,
  spacing: [1, 1, 1],
  size: [4, 4, 4],
  window: [-100, 100],
  storage: "f32",
};
const types: readonly VoxelType[] = ["uint8", "int16", "int32", "float32", "float64", "uint64"];
const extremes = [0, 1, -1, 2, 7, 8, 127, 255, 256, 348, 352, 540, 4096, 4097, 32767, -32768, 2 ** 31 - 1, -(2 ** 31)];
/** Where the headers of both versions have their fields. */
const places = [0, 4, 8, 16, 24, 40, 42, 44, 46, 48, 70, 72, 76, 80, 84, 88, 104, 108, 112, 116, 168, 176, 184, 344];

function mutant(random: Random): Buffer {
  const sizes = [1 + random.below(5), 1 + random.below(5), 1 + random.below(5)];
  const little = random.below(2) === 0;
  let bytes = niftiFile({ version: random.pick([1, 2]), type: random.pick(types), littleEndian: little, sizes });
  for (let step = random.below(4); step >= 0; step--) bytes = changed(bytes, random, little);
  if (random.below(3) > 0) return bytes;
  const packed = gzipSync(bytes, { level: 1 });
  return random.below(2) === 0 ? packed : changed(packed, random, little);
}

function changed(bytes: Buffer, random: Random, little: boolean): Buffer {
  const copy = Buffer.from(bytes);
  const at = random.below(2) === 0 ? random.pick(places) : random.below(copy.length);
  const value = random.pick(extremes);
  const view = new DataView(copy.buffer, copy.byteOffset, copy.byteLength);
  const fits = (size: number): boolean => at + size <= copy.length;
  switch (random.below(9)) {
    case 0:
      if (fits(1)) copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
      return copy;
    case 1:
      if (fits(2)) view.setInt16(at, value, little);
      return copy;
    case 2:
      if (fits(4)) view.setInt32(at, value, little);
      return copy;
    case 3:
      if (fits(8)) view.setBigInt64(at, BigInt(value) << BigInt(random.below(33)), little);
      return copy;
    case 4:
      if (fits(4)) view.setFloat32(at, random.pick([Number.NaN, Infinity, -Infinity, 1e38, -0, 352.5, value]), little);
      return copy;
    case 5:
      if (fits(8))
        view.setFloat64(at, random.pick([Number.NaN, Infinity, -Infinity, 1e300, -0, 5e-324, value]), little);
      return copy;
    case 6:
      return copy.subarray(0, random.below(copy.length + 1));
    case 7:
      return Buffer.concat([copy, copy.subarray(random.below(copy.length + 1))]);
    default: {
      const end = at + random.below(copy.length - Math.min(at, copy.length) + 1);
      return Buffer.concat([copy.subarray(0, at), copy.subarray(end)]);
    }
  }
}

test(`${count} mutants are read or refused in words, alike by all that reads them, and nothing throws`, async () => {
  const random = new Random(20);
  const file = join(folder, "volume");
  const seen = { sound: 0, wrong: 0 };
  for (let round = 0; round < count; round++) {
    const bytes = mutant(random);
    writeFileSync(file, bytes);
    const about = `mutant ${round}: ${bytes.subarray(0, 48).toString("hex")}`;
    const metadata = { slope: random.pick([1, -2, 1e300]), intercept: 0, xySpacing: 1, zSpacing: 2 };
    const problems = await checkVolume(file, metadata, settings);
    const packed = await preprocessVolume(file, metadata, settings);
    if (round % 4 === 0) {
      // What lies in an archive is read from there alone, and as a file of its own is.
      const path = join(folder, "archive");
      writeFileSync(path, Buffer.concat([Buffer.alloc(512, 1), bytes, Buffer.alloc(700, 1)]));
      const member = { path, name: "volume", offset: 512, bytes: bytes.length };
      const there = await preprocessVolume(member, metadata, settings);
      expect(there, about).toEqual(
        packed.kind === "ok" ? packed : failed({ ...packed.problem, subject: `${path}/volume` }),
      );
      const faults = problems.map((each) => ({ ...each, subject: `${path}/volume` }));
      expect(await checkVolume(member, metadata, settings), about).toEqual(faults);
    }
    if (packed.kind === "failed") {
      seen.wrong++;
      expect(packed.problem, about).toEqual(problems[0]);
      for (const { message } of problems) expect(message, about).toMatch(/^\S.{5,199}$/);
      continue;
    }
    seen.sound++;
    expect(problems, about).toEqual([]);
    const values = unpack(packed.value, settings);
    expect(values.length, about).toBe(64);
    expect(
      values.every((value) => value >= -1 && value <= 1),
      about,
    ).toBe(true);
    const read = await readVolume(file);
    if (read.kind === "failed") throw new Error(`${about}: ${read.problem.message}`);
    const volume = read.value;
    const content = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
    expect(volume.voxels.byteLength + volume.header.dataOffset, about).toBe(content.length);
    expect(valuesOf(volume).length, about).toBe(volume.header.sizes.reduce((product, size) => product * size, 1));
  }
  expect(seen.sound).toBeGreaterThan(count / 10);
  expect(seen.wrong).toBeGreaterThan(count / 10);
});
