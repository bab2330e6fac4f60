import { expect, test } from "vitest";
import { originOf } from "../../runtime/data/index.ts";

test.each([
  ["train_1_a_1.nii.gz", "train_1", "train_1_a"],
  ["valid_12_ab_3", "valid_12", "valid_12_ab"],
  ["valid/valid_7/valid_7_b/valid_7_b_2.NII", "valid_7", "valid_7_b"],
])("%s is a volume of the patient %s and the scan %s", (name, patient, scan) => {
  expect(originOf(name)).toEqual({ patient, scan });
});

test.each(["trn00001.npz", "train_1.nii.gz", "train_1_a.nii.gz", "scan_a_1_1_b.nii", ""])("%s says nothing", (name) => {
  expect(originOf(name)).toBeNull();
});
