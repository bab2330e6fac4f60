import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { afterAll, expect, test } from "vitest";
import { latentsToParquet, latentsToSafetensors, mapLatents } from "../../runtime/evaluate/index.ts";
import { groupedLatents } from "../evaluate/made-latents.ts";
import { unstopped, unwatched } from "../evaluate/unwatched.ts";
import { check, pythonWith } from "./environment.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-latents-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("files of latents are read by safetensors and by pyarrow with the same values", async () => {
  const images = groupedLatents({ volumes: 50, groups: 3, width: 20, spread: 1 });
  const labels = images.map((_, row) => [row % 3 === 0, row % 5 === 0 ? null : row % 2 === 0]);
  const kept = {
    names: images.map((_, row) => `välid_${row} "a".nii.gz`),
    images,
    reports: images.toReversed(),
    classes: ["Effusion", "Lung nodule"],
    labels,
    about: new Map([["medctc.spec", "0123"]]),
  };
  const path = (name: string): string => join(folder, name);
  writeFileSync(path("latents.safetensors"), latentsToSafetensors(kept));
  writeFileSync(path("latents.parquet"), await latentsToParquet(kept));
  const plain = (rows: readonly Float32Array[]) => rows.map((row) => Array.from(row));
  const expected = {
    ...kept,
    images: plain(kept.images),
    reports: plain(kept.reports),
    about: { "medctc.spec": "0123" },
  };
  writeFileSync(path("expected.json"), JSON.stringify(expected));
  check(pythonWith("safetensors==0.8.0", ["safetensors==0.8.0"]), "check_latents.py", "safetensors", folder);
  check(pythonWith("pyarrow==26.0.1", ["pyarrow==26.0.1"]), "check_latents.py", "parquet", folder);
});

test("a map of scikit-learn's digits is nearly as trustworthy as its t-SNE", async () => {
  const python = pythonWith("scikit-learn==1.7.2", ["numpy", "scikit-learn==1.7.2"]);
  const digits = join(folder, "digits.json");
  check(python, "check_latents.py", "digits", digits);
  const latents = v.parse(v.array(v.array(v.number())), JSON.parse(readFileSync(digits, "utf8")));
  const map = await unstopped(mapLatents(latents, 0, unwatched));
  expect(map.kind).toBe("map");
  const places = join(folder, "places.json");
  writeFileSync(places, JSON.stringify(map));
  check(python, "check_latents.py", "trust", digits, places);
});
