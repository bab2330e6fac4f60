import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { readParquet } from "../../runtime/data/readers/parquet/read-parquet.ts";
import { prepareProgram } from "../cli/medctc.ts";
import { mutantCount } from "../mutant-count.ts";
import { Random } from "../random.ts";
import { dataFolder } from "./data-folder.ts";

const written = "test/fixtures/parquet";

beforeAll(prepareProgram);

test("a run that claims a thousand million values is refused, and ends nothing but its own process", async () => {
  const bytes = Buffer.from(readFileSync(join(written, "plain.parquet")));
  // Levels of the first column: two bytes of them, a run of seven ones.
  const run = bytes.indexOf(Buffer.from([2, 0, 0, 0, 14, 1]));
  expect(run).toBeGreaterThan(0);
  bytes.set([0xfe, 0xff, 0xff, 0xff, 0x07], run + 4);
  const path = join(dataFolder({ "table.parquet": bytes }), "table.parquet");
  expect(await readParquet(path, { columns: () => [0], row: () => undefined })).toEqual({
    message: "it is damaged, or needs more than 1024 MB of memory to read",
    help: "copy or download it again",
  });
});

// Each takes a process.
const count = Math.min(1000, mutantCount(100));

test(`${count} damaged tables are read or refused in words, whatever they make of the library`, async () => {
  const random = new Random(23);
  const folder = dataFolder({});
  const sources = ["snappy", "plain", "pages-2", "delta"].map((name) => readFileSync(join(written, `${name}.parquet`)));
  const seen = { sound: 0, wrong: 0 };
  const rounds = Array.from({ length: count }, (_, round) => {
    const bytes = Buffer.from(random.pick(sources));
    for (let step = random.below(3); step >= 0; step--) {
      const at = random.below(bytes.length);
      bytes[at] = random.below(2) === 0 ? (bytes[at] ?? 0) ^ (1 << random.below(8)) : random.below(256);
    }
    return { round, bytes: random.below(5) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes };
  }).values();
  const work = async (): Promise<void> => {
    for (const { round, bytes } of rounds) {
      const path = join(folder, `${round}.parquet`);
      writeFileSync(path, bytes);
      const lengths = new Set<number>();
      const columns = (names: readonly string[]) => [...names.keys()].slice(0, 9);
      const wrong = await readParquet(path, { columns, row: (cells) => lengths.add(cells.length) }, 10_000);
      if (wrong === null) {
        seen.sound++;
        expect(lengths.size, `mutant ${round}`).toBeLessThanOrEqual(1);
      } else {
        seen.wrong++;
        expect(wrong.message, `mutant ${round}`).toMatch(/^(it|its|row \d+:) .{5,300}$/s);
      }
    }
  };
  await Promise.all([work(), work()]);
  expect(seen.sound).toBeGreaterThan(count / 10);
  expect(seen.wrong).toBeGreaterThan(count / 10);
});
