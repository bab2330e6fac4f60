import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import * as v from "valibot";
import { expect, test } from "vitest";
import { frameLog } from "../../runtime/trackers/wandb/log-frames.ts";

const folder = "test/fixtures/trackers";

test("records that end around the ends of blocks are framed as W&B's own writer does it", () => {
  const lengths = v.parse(v.array(v.number()), JSON.parse(readFileSync(`${folder}/wandb.json`, "utf8")));
  const records = lengths.map((length, number) => new Uint8Array(length).fill(number));
  const framed = Buffer.concat([...frameLog(records)]);
  const theirs = gunzipSync(readFileSync(`${folder}/wandb.log.gz`));
  expect(framed.length).toBe(theirs.length);
  expect(framed.equals(theirs)).toBe(true);
});
