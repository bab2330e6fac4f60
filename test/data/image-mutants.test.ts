import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { defaultImage } from "../../compiler/index.ts";
import { loadImage } from "../../runtime/data/load-image.ts";
import { mutantCount } from "../mutant-count.ts";
import { Random } from "../random.ts";

const count = mutantCount(1000);
const folder = "test/fixtures/open-clip/images";
const originals = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
const extremes = [0, 1, 2, 7, 8, 127, 255, 256, 4095, 65535, 65536, 2 ** 31 - 1, 2 ** 32 - 1];

function mutant(random: Random): Buffer {
  let bytes: Buffer = Buffer.from(random.pick(originals));
  for (let step = random.below(2); step >= 0; step--) bytes = changed(bytes, random);
  return random.below(2) === 0 ? withRightChecksums(bytes) : bytes;
}

function changed(bytes: Buffer, random: Random): Buffer {
  if (bytes.length < 4) return bytes;
  // Headers are where the first bytes are.
  const at = random.below(Math.min(bytes.length - 3, random.below(2) === 0 ? bytes.length : 64));
  switch (random.below(6)) {
    case 0:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      return bytes;
    case 1:
      bytes.writeUInt16BE(random.pick(extremes) % 2 ** 16, at);
      return bytes;
    case 2:
      bytes.writeUInt32BE(random.pick(extremes), at);
      return bytes;
    case 3:
      return bytes.subarray(0, random.below(bytes.length + 1));
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random.below(20))]);
    default:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(random.below(at + 1))]);
  }
}

/** So that damage gets past the checksums of a PNG's parts. */
function withRightChecksums(bytes: Buffer): Buffer {
  if (bytes[0] !== 0x89) return bytes;
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 8 + bytes.readUInt32BE(at);
    if (end + 4 > bytes.length) break;
    bytes.writeUInt32BE(crc32(bytes.subarray(at + 4, end)), end);
    at = end + 4;
  }
  return bytes;
}

test(`${count} damaged pictures are read or refused in words, and nothing throws`, async () => {
  const random = new Random(22);
  const seen = { sound: 0, wrong: 0 };
  const settings = { ...defaultImage, size: [16, 16], bits: 16 } as const;
  for (let round = 0; round < count; round++) {
    const bytes = mutant(random);
    const about = `mutant ${round}: ${bytes.subarray(0, 48).toString("hex")}`;
    const loaded = await loadImage({ path: "picture", bytes }, settings);
    if (loaded.kind === "failed") {
      seen.wrong++;
      expect(loaded.problem.subject, about).toBe("picture");
      expect(loaded.problem.message, about).toMatch(/^it[s ].{5,199}$/);
      continue;
    }
    seen.sound++;
    expect(loaded.value.length, about).toBe(3 * 16 * 16);
    expect(loaded.value.every(Number.isFinite), about).toBe(true);
  }
  expect(seen.sound).toBeGreaterThan(count / 10);
  expect(seen.wrong).toBeGreaterThan(count / 10);
});
