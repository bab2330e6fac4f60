import { cpSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { elementsOf } from "../../runtime/weights/index.ts";
import {
  arithmeticOn,
  ctclip,
  distance,
  north,
  peft,
  plain,
  small,
  spectra,
  tensorsIn,
} from "./arithmetic-requests.ts";
import { fixture } from "./combine-cases.ts";
import { jsonFields } from "./small-spec.ts";

const { into, combine, prune, changed } = arithmeticOn();

describe("adapter svd", () => {
  test("measures each update and its share of a weight", () => {
    const { value, heard } = spectra(peft, { weights: join(ctclip, "weights.safetensors") });
    expect(heard).toEqual([]);
    expect(value?.modules.length).toBe(12);
    for (const { rank, storedRank, relativeNorm, singularValues, norm } of value?.modules ?? []) {
      expect([rank, storedRank, singularValues.length]).toEqual([4, 4, 4]);
      expect(Math.hypot(...singularValues)).toBeCloseTo(norm, 12);
      expect(relativeNorm).toBeGreaterThan(0.01);
      expect(relativeNorm).toBeLessThan(1);
    }
  });

  test("of an adapter with itself shows spaces that are the same", () => {
    for (const { overlap } of spectra(peft, { other: peft }).value?.modules ?? []) {
      expect(overlap?.outputs).toBeCloseTo(1, 10);
      expect(overlap?.inputs).toBeCloseTo(1, 10);
    }
  });

  test("a truncation to the rank that is there changes nothing, and to a lower one keeps alpha and the energy that it says", () => {
    for (const adapter of [peft, north, join("test/fixtures/peft-conv", "flat-lora")]) {
      const same = spectra(adapter, { rank: 64, folder: into() });
      expect([same.heard, same.value?.energy]).toEqual([[], expect.closeTo(1, 12)]);
      expect(distance(adapter, into())).toBeLessThan(1e-6);
      const lower = spectra(adapter, { rank: 2, folder: into() });
      expect(distance(adapter, into()) ** 2).toBeCloseTo(1 - (lower.value?.energy ?? 0), 6);
    }
    const config = jsonFields(readFileSync(join(into(), "adapter_config.json"), "utf8"));
    expect([config["lora_alpha"], config["r"]]).toEqual([8, 2]);
  });

  test("a truncation by energy has a rank for each module", () => {
    const { value } = spectra(peft, { energy: 0.9, folder: into(), forSpec: small });
    const ranks = new Set(value?.modules.map((each) => each.truncated?.rank));
    expect([...ranks].sort()).toEqual([3, 4]);
    for (const each of value?.modules ?? []) expect(each.truncated?.energy).toBeGreaterThanOrEqual(0.9);
    expect(spectra(into()).value?.modules.map(({ storedRank }) => storedRank)).toEqual(
      value?.modules.map((each) => each.truncated?.rank),
    );
  });

  test("keeps rows of tables that PEFT trains beside, and refuses to truncate beside lengths of DoRA", () => {
    const tokens = "test/fixtures/peft-tables/lora-tokens";
    const kept = spectra(tokens, { rank: 1, folder: into() });
    expect([kept.ended.kind, kept.heard]).toEqual(["done", [expect.stringContaining("is left out of these numbers")]]);
    const names = [...tensorsIn(join(into(), "adapter_model.safetensors")).keys()].sort();
    expect(names).toEqual([...tensorsIn(join(tokens, "adapter_model.safetensors")).keys()].sort());
    const dora = "test/fixtures/peft-conv/flat-dora";
    expect(spectra(dora).ended.kind).toBe("done");
    expect(spectra(dora, { rank: 1, folder: into() }).heard.at(-1)).toContain("has lengths of rows, of DoRA");
  });

  test("refuses adapters of other kinds by a name in them, and a folder without a rank", () => {
    expect(spectra(join(fixture, "factors-a")).heard).toEqual([
      expect.stringContaining("is not of an update of scale x B A, and there is none in it"),
    ]);
    expect(spectra(peft, { folder: into() }).ended.kind).toBe("misused");
    expect(spectra(peft, { folder: into(), rank: 1, other: peft }).ended.kind).toBe("misused");
  });

  test("refuses to write over the adapter that it reads, as combining and pruning do", () => {
    cpSync(north, into(), { recursive: true });
    for (const path of [into(), join(into(), "adapter_model.safetensors")]) {
      const folder = `${into()}/.`;
      const wanted = [`the result would be written over \`${path}\`, which it is made of; name another place for it`];
      expect(spectra(path, { rank: 2, folder }).heard).toEqual(wanted);
      expect(prune(path, { density: 0.5, folder }).heard).toEqual(wanted);
      expect(combine([north, path], { folder }).heard).toEqual(wanted);
    }
    symlinkSync(into(), `${into()}-link`);
    const linked = spectra(into(), { rank: 2, folder: `${into()}-link` }).heard;
    expect(linked).toEqual([expect.stringMatching(/^the result would be written over /)]);
  });
});

describe("adapter prune", () => {
  test("keeps the largest elements of each matrix, as PEFT's magnitude pruning of it alone does", () => {
    const { value, heard } = prune(north, { density: 0.6 });
    expect(heard).toEqual([]);
    const [before, after] = [north, into()].map((path) => tensorsIn(join(path, "adapter_model.safetensors")));
    for (const [name, tensor] of after ?? []) {
      const all = before?.get(name);
      const [own, given] = [elementsOf(tensor), all === undefined ? [] : elementsOf(all)];
      const kept = Array.from(own).filter((each) => each !== 0);
      expect(kept.length).toBe(Math.trunc(0.6 * own.length));
      const least = Math.min(...kept.map(Math.abs));
      for (const [place, each] of Array.from(given).entries())
        expect(own[place]).toBe(Math.abs(each) >= least ? each : 0);
    }
    for (const { ranks, distance: far, norm } of value?.modules ?? []) {
      expect(ranks).toEqual([4, 4]);
      expect(far).toBeLessThan(norm);
    }
  });

  test("drops modules and ranks that are zero, and changes nothing else", () => {
    const zeroed = changed(north, function* (all) {
      for (const [name, { shape, data }] of plain(all)) {
        const columns = name.includes("second.lora_B") ? 4 : name.includes("first.lora_B") ? 1 : 0;
        yield [name, { shape, data: data.map((value, place) => (place % 4 < columns ? 0 : value)) }];
      }
    });
    const { value } = prune(zeroed);
    const ranks = new Map(value?.modules.map((each) => [each.module, each.ranks]));
    expect([ranks.get("first"), ranks.get("second"), ranks.get("square")]).toEqual([
      [4, 3],
      [4, 0],
      [4, 4],
    ]);
    expect(distance(zeroed, into())).toBeLessThan(1e-6);
  });

  test("drops directions below a share of the largest value of all modules", () => {
    const { value } = prune(north, { threshold: 0.5 });
    const { value: before } = spectra(north);
    const largest = Math.max(...(before?.modules.flatMap(({ singularValues }) => singularValues) ?? []));
    expect(value?.modules.map(({ ranks }) => ranks[1])).toEqual(
      before?.modules.map(({ singularValues }) => singularValues.filter((each) => each >= 0.5 * largest).length),
    );
    expect(new Set(value?.modules.map(({ ranks }) => ranks[1])).size).toBeGreaterThan(1);
  });

  test("of groups of a convolution keeps as many directions in each", () => {
    const { value, heard } = prune("test/fixtures/peft-conv/flat-lora", { threshold: 0.6 });
    expect(heard).toEqual([]);
    expect(value?.modules.length).toBeGreaterThan(2);
    expect(spectra(into()).ended.kind).toBe("done");
  });

  test("refuses to leave nothing", () => {
    expect(prune(north, { density: 1e-6 }).heard).toEqual([
      expect.stringContaining("nothing would be left of the adapter"),
    ]);
  });
});
