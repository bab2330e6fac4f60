import { describe, expect, test } from "vitest";
import { mapOf } from "../../runtime/app/evaluate/latents.ts";
import { at } from "../../runtime/at.ts";
import { eachByItself, mapLatents, neighbourLabels } from "../../runtime/evaluate/index.ts";
import { nearestOthers } from "../../runtime/evaluate/latents/nearest.ts";
import { principalPlane } from "../../runtime/evaluate/latents/principal-plane.ts";
import { generator } from "../../runtime/random.ts";
import { groupedLatents } from "./made-latents.ts";
import { unstopped, unwatched } from "./unwatched.ts";

const groups = 4;
const latents = groupedLatents({ volumes: 80, groups, width: 32, spread: 1 });

describe("neighbours", () => {
  test("are the nearest, nearest first, and of equal ones the earlier", async () => {
    // Along a circle, in degrees; the last two are at the same place.
    const vectors = [0, 10, 40, 90, 45, 45].map((degrees) => {
      const angle = (degrees * Math.PI) / 180;
      return Float32Array.of(Math.cos(angle), Math.sin(angle), 0, 0, 0);
    });
    const { indices, distances } = await unstopped(nearestOthers(vectors, 2, () => Promise.resolve(false)));
    expect(indices).toEqual([
      [1, 2],
      [0, 2],
      [4, 5],
      [4, 5],
      [5, 2],
      [4, 2],
    ]);
    expect(distances[0]?.[0]).toBeCloseTo(2 * Math.sin((5 * Math.PI) / 180), 6);
    expect(distances[4]?.[0]).toBeCloseTo(0, 3);
  });

  test("share a finding by so much, and would by so much if latents said nothing of it", () => {
    const map = { rows: [0, 2, 3, 4], nearest: [[1, 2], [0, 3], [1], [0, 2]] };
    // Of the second volume nothing is on the map.
    const labels = [true, true, true, null, false];
    // Volume 0 sees one of one known that has it; volume 2 sees one of two.
    expect(neighbourLabels(map, labels)).toEqual({ among: 0.75, anyway: 0.5 });
    expect(neighbourLabels(map, [false, true, false, false, null])).toEqual({ among: null, anyway: null });
    expect(neighbourLabels(map, [true, true, null, null, null])).toEqual({ among: null, anyway: null });
  });
});

test("the principal plane has the directions of the largest variances, and places are along them", () => {
  const points = [
    [3, 0, 0],
    [-3, 0, 0],
    [0, 2, 0],
    [0, -2, 0],
    [0, 0, 0.1],
    [0, 0, -0.1],
  ].map((place) => Float32Array.from(place, (value, axis) => value + at([10, -5, 1], axis)));
  const places = principalPlane(points, generator(1));
  const sizes = places.map(([x, y]) => [Math.abs(x), Math.abs(y)]);
  const expected = [3, 3, 0, 0, 0, 0].map((x, index) => [x, at([0, 0, 2, 2, 0, 0], index)]);
  for (const [index, [x, y]] of sizes.entries()) {
    expect(x).toBeCloseTo(at(at(expected, index), 0), 5);
    expect(y).toBeCloseTo(at(at(expected, index), 1), 5);
  }
});

describe("a map", () => {
  test("keeps groups that are far apart in latents apart", async () => {
    const map = await unstopped(mapLatents(latents, 3, unwatched));
    if (map.kind === "none") throw new Error(map.why);
    expect(map.rows).toEqual(latents.map((_, row) => row));
    for (const [row, place] of map.places.entries()) {
      const nearest = map.places
        .map((other, index) => ({ index, far: Math.hypot(other[0] - place[0], other[1] - place[1]) }))
        .filter(({ index }) => index !== row)
        .sort((a, b) => a.far - b.far)
        .slice(0, 10);
      expect(nearest.map(({ index }) => index % groups)).toEqual(Array.from({ length: 10 }, () => row % groups));
    }
  });

  test("is the same for the same seed and for latents of other lengths, and another for another seed", async () => {
    const [one, again, longer, other] = await Promise.all([
      unstopped(mapLatents(latents, 3, unwatched)),
      unstopped(mapLatents(latents, 3, unwatched)),
      unstopped(
        mapLatents(
          latents.map((latent) => latent.map((value) => 4 * value)),
          3,
          unwatched,
        ),
      ),
      unstopped(mapLatents(latents, 4, unwatched)),
    ]);
    expect(again).toEqual(one);
    expect(longer).toEqual(one);
    expect(other).not.toEqual(one);
  });

  test("of more volumes than it shows is of some of them, drawn by the seed", async () => {
    const map = await unstopped(mapLatents(latents, 3, unwatched, 20));
    const other = await unstopped(mapLatents(latents, 4, unwatched, 20));
    if (map.kind === "none" || other.kind === "none") throw new Error("there are enough");
    expect(map.places).toHaveLength(20);
    expect(new Set(map.rows).size).toBe(20);
    expect(map.rows).toEqual([...map.rows].sort((a, b) => a - b));
    expect(Math.max(...map.rows)).toBeGreaterThan(20);
    expect(other.rows).not.toEqual(map.rows);
    for (const others of map.nearest) expect(Math.max(...others)).toBeLessThan(20);
  });

  test("of ten volumes is one of finite places, of which some may be equal", async () => {
    const twice = [...latents.slice(0, 5), ...latents.slice(0, 5)];
    const map = await unstopped(mapLatents(twice, 3, unwatched));
    if (map.kind === "none") throw new Error(map.why);
    expect(map.places.flat().every(Number.isFinite)).toBe(true);
    expect(map.nearest.map(([first]) => first)).toEqual([5, 6, 7, 8, 9, 0, 1, 2, 3, 4]);
  });

  test("tells how far it is, and can be stopped whenever it does", async () => {
    const told: string[] = [];
    const tell = (doing: string, done: number, total: number) => void told.push(`${doing} ${done} of ${total}`);
    const watched = await mapLatents(latents, 3, { tell, isStopped: () => false });
    expect(watched).toEqual(await mapLatents(latents, 3, unwatched));
    const rounds = Array.from({ length: 50 }, (_, index) => `placing ${10 * index} of 500`);
    expect(told).toEqual(["neighbours 64 of 80", ...rounds]);
    for (const most of [1, 2, 3]) {
      let asked = 0;
      const stopping = { tell: () => undefined, isStopped: () => ++asked === most };
      expect(await mapLatents(latents, 3, stopping)).toBe("stopped");
      expect(asked).toBe(most);
    }
  });

  test("hears signals and timers while it is made", async () => {
    let isStopped = false;
    const wanted = mapLatents(latents, 3, { tell: () => undefined, isStopped: () => isStopped });
    setImmediate(() => (isStopped = true));
    expect(await wanted).toBe("stopped");
  });

  test("is not made where it would show nothing, and says why", async () => {
    expect(await unstopped(mapLatents(latents.slice(0, 9), 3, unwatched))).toEqual({
      kind: "none",
      why: "9 volumes are too few for one",
    });
    expect(await unstopped(mapLatents([], 3, unwatched))).toEqual({
      kind: "none",
      why: "0 volumes are too few for one",
    });
    const same = latents.map(() => at(latents, 0));
    expect(await unstopped(mapLatents(same, 3, unwatched))).toEqual({
      kind: "none",
      why: "all volumes have the same latent",
    });
    for (const bad of [0, Number.NaN, Number.POSITIVE_INFINITY]) {
      const some = latents.map((latent, row) => (row === 7 ? latent.map(() => bad) : latent));
      const why = "the latent of volume 8 is zero or not finite";
      expect(await unstopped(mapLatents(some, 3, unwatched))).toEqual({ kind: "none", why });
    }
  });
});

test("a report goes without a map that was stopped, and says so", async () => {
  const groups = eachByItself(latents.length);
  const volumes = {
    ...{
      names: latents.map((_, row) => `volume ${row}`),
      classes: [],
      labels: latents.map(() => []),
      groups,
      patients: groups,
    },
    ...{
      scored: { classes: [], columns: [] },
      images: latents.map((row) => Float32Array.from(row)),
      logits: new Map(),
    },
    ...{ reports: null, reportTexts: null },
  };
  const report = await mapOf(volumes, { tell: () => undefined, isStopped: () => true });
  expect(report?.mapped).toEqual({ kind: "none", why: "the evaluation was stopped before it was whole" });
});
