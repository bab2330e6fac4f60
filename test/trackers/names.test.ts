import { posix } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeMetric, encodeMetric, whyNotKey } from "../../runtime/trackers/mlflow/names.ts";

test("names that are plain stay readable", () => {
  const names = ["train/loss", "train/loss/contrastive", "valid/auroc/Lung opacity", "valid/auroc/Überblähung"];
  expect(names.map(encodeMetric)).toEqual([
    "train/loss",
    "train/loss.contrastive",
    "valid/auroc.Lung opacity",
    "valid/auroc.Überblähung",
  ]);
});

test("what MLflow does not take is escaped", () => {
  const names = ["valid/auroc/a.b", "valid/..", "train/x\ny", "train/max_x", "train//", "valid/auroc/ ", "valid/😀:"];
  expect(names.map(encodeMetric)).toEqual([
    "valid/auroc.a_x2E_b",
    "valid/_x2E__x2E_",
    "train/x_xA_y",
    "train/max_x5F_x",
    "train/_x2F_",
    "valid/auroc._x20_",
    "valid/_x1F600__x3A_",
  ]);
});

/** Characters that are likely to be mistaken for each other. */
const piece = fc.constantFrom("_", "x", "5", "F", "_x5F_", "_x", "/", ".", " ", "é", "😀", "\ud800", "\n", "(", "a");
const name = fc.array(piece, { minLength: 1, maxLength: 12 }).map((pieces) => `train/${pieces.join("")}`);

test("names come back from their keys, which MLflow takes and which are paths of their own", () => {
  fc.assert(
    fc.property(name, (written) => {
      const key = encodeMetric(written);
      expect(decodeMetric(key)).toBe(written);
      expect(key).toMatch(/^[/\p{L}\p{N}_.\- ]+$/u);
      expect(posix.normalize(key)).toBe(key);
      expect(key.split("/")).toHaveLength(2);
    }),
    { numRuns: 2000 },
  );
});

test("no two names have one key", () => {
  fc.assert(fc.property(name, name, (a, b) => (a === b) === (encodeMetric(a) === encodeMetric(b))));
});

test("a name that is too long for MLflow or for a file is not a key", () => {
  expect(whyNotKey(encodeMetric(`valid/${"a".repeat(244)}`))).toBe(null);
  expect(whyNotKey(encodeMetric(`valid/${"a".repeat(245)}`))).toBe("takes 251 characters; MLflow takes 250");
  expect(whyNotKey(encodeMetric(`valid/${"é".repeat(128)}`))).toBe("takes 256 bytes; file names have 255");
  expect(whyNotKey(encodeMetric("valid/"))).toBe("is empty");
});
