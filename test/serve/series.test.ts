import { describe, expect, test } from "vitest";
import { RunSeries } from "../../runtime/serve/series.ts";

function seriesOf(steps: number, value: (step: number) => number): RunSeries {
  const series = new RunSeries();
  for (let step = 1; step <= steps; step++) series.add(step, [["loss", value(step)]]);
  return series;
}

describe("a run's series", () => {
  test("few steps are kept as they are, without what is no number", () => {
    const series = seriesOf(3, (step) => (step === 2 ? Number.NaN : step / 2));
    expect(series.from(0, 0)).toEqual({
      from: 0,
      series: [
        {
          name: "loss",
          width: 1,
          buckets: [
            [1, 0.5, 0.5, 0.5],
            [3, 1.5, 1.5, 1.5],
          ],
        },
      ],
    });
  });

  test("a million steps become at most 2,048 buckets that have every extreme", () => {
    const series = seriesOf(1_000_000, (step) => (step === 123_457 ? 9 : step === 999_999 ? -9 : step % 2));
    const [loss] = series.from(0, 0).series;
    expect(loss?.width).toBe(512);
    expect(loss?.buckets).toHaveLength(Math.ceil(1_000_000 / 512));
    expect(loss?.buckets.filter(([, , most]) => most === 9)).toHaveLength(1);
    expect(loss?.buckets.find(([, , most]) => most === 9)?.[0]).toBe(123_457 - ((123_457 - 1) % 512));
    expect(loss?.buckets.at(-1)?.[1]).toBe(-9);
    expect(loss?.buckets[0]).toEqual([1, 0, 1, 0.5]);
  });

  test("a reader gets what came since, and all of it when buckets became wider", () => {
    const series = seriesOf(2048, (step) => step);
    const { from, series: news } = series.from(2040, 1);
    expect(from).toBe(2040);
    expect(news[0]?.buckets.map(([step]) => step)).toEqual([2040, 2041, 2042, 2043, 2044, 2045, 2046, 2047, 2048]);
    series.add(2049, [["loss", 1]]);
    const widened = series.from(2048, 1);
    expect(widened.from).toBe(0);
    expect(widened.series[0]).toMatchObject({ width: 2 });
    expect(widened.series[0]?.buckets).toHaveLength(1025);
  });

  test("steps that came before, and the sixty-fifth quantity, are left out", () => {
    const series = new RunSeries();
    const names = Array.from({ length: 80 }, (_, at) => [`m${at}`, 1] as const);
    series.add(5, names);
    series.add(4, [["m0", 9]]);
    const found = series.from(0, 0).series;
    expect(found).toHaveLength(64);
    expect(found[0]?.buckets).toEqual([[5, 1, 1, 1]]);
  });
});
