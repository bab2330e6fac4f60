import { readFileSync } from "node:fs";

/** BiomedCLIP at the sizes of test/fixtures/biomedclip-small, with the spec's adapters. */
export const biomedclipSmall = readFileSync("test/fixtures/biomedclip-small/small.vlm", "utf8");

/** The same without adapters, with everything trained. */
export const biomedclipTrained = biomedclipSmall.replace(
  "  expect",
  "  remove lora\n  train vision, text, logit_scale, heads.*\n  expect",
);
