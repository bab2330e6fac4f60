import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { defaultData } from "../../compiler/index.ts";
import { loadPacked } from "../../runtime/data/load-packed.ts";
import { openDataset } from "../../runtime/data/open-dataset.ts";
import { mutantCount } from "../mutant-count.ts";
import { Random } from "../random.ts";
import { npyFile, paxRecord, type TarPart, tarFile } from "./tar-file.ts";

const count = mutantCount(1000);
const folder = mkdtempSync(join(tmpdir(), "medctc-shard-mutants-"));
afterAll(() => rmSync(folder, { recursive: true }));

const shape = [1, 2, 2, 2];
const needs = { files: [null], texts: [null], labels: ["Nodule"], split: "train" } as const;

function soundParts(random: Random): TarPart[] {
  return ["train_1", "train_2"].flatMap((key): TarPart[] => [
    ...(random.below(3) > 0 ? [] : [{ name: "pax", type: "x", content: paxRecord("path", `${key}.image.npy`) }]),
    { name: `${key}.image.npy`, content: npyFile(shape, [0, 1, -1, 0.5, 0, 1, -1, 0.5]) },
    { name: `${key}.txt`, content: "A report." },
    { name: `${key}.json`, content: `{"name": "${key}", "split": "train", "labels": {"Nodule": ${random.below(2)}}}` },
  ]);
}

const sizes = [
  "77777777777\0",
  "00000000000\0",
  "            ",
  `\x80${"\0".repeat(6)}\x7f\xff\xff\xff\xff`,
  "-0000000001\0",
  "00000001000 ",
];
const names = [
  "../../a.image.npy",
  "/a.image.npy",
  "",
  "train_1.image.npy",
  "C:\\a.npy",
  "a/b/c.txt",
  ".image.npy",
  "\xff\xfe.txt",
  "__x__/a.npy",
];
const paxes = [
  paxRecord("path", "../a"),
  paxRecord("size", "99999999999999999999"),
  paxRecord("size", "1"),
  paxRecord("GNU.sparse.map", "0,1"),
  "999999999 path=a\n",
  "5 a=\n".repeat(20_000),
  "\0".repeat(100),
];
const headers = [
  "{'descr': '<f4', 'fortran_order': False, 'shape': (999999999, 999999999), }",
  "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2, 2, 2), }",
  "{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 2, 2, 2), }",
  "{'shape': (1, 2, 2, 2)}",
  "(".repeat(3000),
];

/** A shard with something wrong with what it says, and then often with its bytes. */
function mutant(random: Random): Buffer {
  const parts = soundParts(random);
  const at = random.below(parts.length);
  const part: TarPart = parts[at] ?? { name: "" };
  switch (random.below(8)) {
    case 0:
      parts[at] = {
        ...part,
        type: random.pick([..."01234567xgLKSMV"]),
        link: random.pick(["/etc/passwd", "../x", ""]),
      };
      break;
    case 1:
      parts[at] = { ...part, size: random.pick(sizes) };
      break;
    case 2:
      parts[at] = { ...part, name: random.pick(names), prefix: random.pick(["", "..", "/etc", "deep"]) };
      break;
    case 3:
      parts.splice(at, 0, { name: "pax", type: random.pick(["x", "g", "L"]), content: random.pick(paxes) });
      break;
    case 4:
      parts[at] = { ...part, content: npyFile(shape, [0, Number.NaN, Infinity, 0], random.pick(headers)) };
      break;
    case 5:
      parts.splice(at, 1, ...(random.below(2) === 0 ? [] : [part, part]));
      break;
    default:
  }
  let bytes = tarFile(parts, random.pick([0, 512, 1024, 1024, 1024, 10_240]));
  for (let step = random.below(3); step > 0; step--) bytes = changed(bytes, random);
  return bytes;
}

function changed(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  const at = random.below(copy.length + 1);
  switch (random.below(4)) {
    case 0:
      if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
      return copy;
    case 1:
      return copy.subarray(0, at);
    case 2:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(Math.min(copy.length, at + random.below(1024)))]);
    default:
      return Buffer.concat([copy, copy.subarray(at)]);
  }
}

test(`${count} damaged shards are read or refused in words that name them, within the memory of a sound one`, async () => {
  const random = new Random(22);
  const file = join(folder, "a.tar");
  const seen = { sound: 0, wrong: 0, array: 0 };
  const before = process.memoryUsage().arrayBuffers;
  for (let round = 0; round < count; round++) {
    const bytes = mutant(random);
    writeFileSync(file, bytes);
    const { examples, problems } = await openDataset(folder, defaultData, needs);
    for (const { subject, message } of problems) {
      expect(subject.startsWith(folder), `mutant ${round}: ${subject}`).toBe(true);
      expect(message, `mutant ${round}`).toMatch(/^\S.{5,399}$/s);
    }
    if (problems.length > 0) seen.wrong++;
    else seen.sound++;
    // Nothing is lost without a word.
    if (problems.length === 0) expect(examples.length, `mutant ${round}`).toBeGreaterThan(0);
    for (const { files } of examples) {
      const [member] = files;
      if (member === undefined || typeof member === "string") throw new Error(`mutant ${round}: no member`);
      expect(member.path, `mutant ${round}`).toBe(file);
      expect(member.offset + member.bytes, `mutant ${round}`).toBeLessThanOrEqual(bytes.length);
      const loaded = loadPacked(member, shape);
      if (loaded.kind === "failed") {
        seen.array++;
        expect(loaded.problem.subject.startsWith(file), `mutant ${round}`).toBe(true);
      } else expect(loaded.value.every(Number.isFinite) && loaded.value.length === 8, `mutant ${round}`).toBe(true);
    }
    expect(process.memoryUsage().arrayBuffers - before, `mutant ${round}`).toBeLessThan(2 ** 27);
  }
  expect(seen.sound).toBeGreaterThan(count / 10);
  expect(seen.wrong).toBeGreaterThan(count / 4);
  expect(seen.array).toBeGreaterThan(count / 100);
});
