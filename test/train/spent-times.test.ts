import { setTimeout as after } from "node:timers/promises";
import { expect, test } from "vitest";
import { SpentClock } from "../../runtime/train/spent-times.ts";

test("each part has what was measured of it and added, a failed task too", async () => {
  const spent = new SpentClock();
  spent.add("starting", 3);
  spent.add("steps", 0.25);
  spent.add("steps", 0.5);
  await spent.measure("saving", () => after(5));
  await expect(spent.measure("evaluating", () => after(5).then(() => Promise.reject(new Error("no"))))).rejects.toThrow(
    "no",
  );
  const { saving, evaluating, ...added } = spent.times;
  expect(added).toEqual({ starting: 3, steps: 0.75, waiting: 0 });
  expect(saving).toBeGreaterThan(0);
  expect(evaluating).toBeGreaterThan(0);
});

test("rows of a step are the same, and what they took is waited for", async () => {
  const spent = new SpentClock();
  const rows = new Map([["x", Float32Array.of(1)]]);
  const asked: (readonly number[])[] = [];
  const inputs = spent.watch({
    rows: async (...which) => {
      asked.push(which);
      await after(5);
      return rows;
    },
    shared: new Map(),
  });
  expect(spent.times.waiting).toBe(0);
  expect(await inputs.rows(2, 1)).toBe(rows);
  expect(asked).toEqual([[2, 1]]);
  expect(spent.times.waiting).toBeGreaterThan(0);
});
