/** Parts of the program whose tests are held to find mutants: what is mutated, and the tests that have to find it. */
export interface MutationGroup {
  readonly mutate: readonly string[];
  /** Files of unit tests, in the order in which they are tried: the quick ones first. */
  readonly tests: readonly string[];
  /** Parts of the names of tests that are not tried, because what they read is large. */
  readonly leftOut?: readonly string[];
}

/** Only unit tests, so that a mutant costs some milliseconds. */
export const groups: ReadonlyMap<string, MutationGroup> = new Map<string, MutationGroup>([
  [
    "metrics",
    {
      mutate: [
        "runtime/evaluate/{adjust,bootstrap,compare-runs,delong,measure,normal,ranking,results,thresholds,zero-shot}.ts",
        "runtime/evaluate/metrics/*.ts",
      ],
      tests: testsIn("evaluate", "metrics", "bootstrap", "compare-runs", "invariance", "thresholds", "zero-shot"),
    },
  ],
  [
    "selectors",
    {
      mutate: ["compiler/select/*.ts"],
      tests: testsIn(
        "compiler",
        "explained-selectors",
        "shortest-selectors",
        "expectations",
        "covered-layers",
        "refused-placements",
        "selection",
      ),
    },
  ],
  [
    "types",
    {
      mutate: ["compiler/ops/*.ts"],
      tests: [
        ...testsIn("ops", "types", "refused-types", "values"),
        ...testsIn("passes", "simplify"),
        ...testsIn("compiler", "rows"),
        ...testsIn("ops", "derivatives"),
      ],
    },
  ],
  [
    "weights",
    {
      mutate: ["runtime/weights/*.ts"],
      tests: testsIn("weights", "said", "zip64", "match-names", "sharded", "torch", "zip", "safetensors"),
      leftOut: ["more entries than a model has", "more tensors than any file has", "of 20 MB"],
    },
  ],
  [
    "files",
    {
      mutate: ["runtime/files/*.ts"],
      tests: testsIn("files", "storage-problem", "files", "write-special", "regular-file", "lock", "holder"),
    },
  ],
  [
    "volumes",
    {
      mutate: ["runtime/data/readers/{nifti*,volume*,voxels}.ts"],
      tests: testsIn("data", "read-volume", "bad-volumes"),
      leftOut: ["larger than the pieces", "gzip bomb"],
    },
  ],
  [
    "tables",
    {
      mutate: ["runtime/data/readers/{csv,lines}.ts", "runtime/data/layouts/ct-rate/*.ts"],
      tests: testsIn("data", "report-text", "layouts", "csv", "check-dataset", "dataset"),
      leftOut: ["10 MB", "two pieces of a file", "as JSON everything"],
    },
  ],
  [
    "dicom",
    {
      mutate: ["runtime/data/readers/dicom/*.ts"],
      tests: testsIn("data", "jpeg-lossless", "dicom", "dicom-folders", "dicom-fixture"),
    },
  ],
  [
    "images",
    {
      mutate: ["runtime/data/readers/image*.ts", "runtime/data/transforms/{open-clip,pillow-resize,colours}.ts"],
      tests: testsIn("data", "bad-images", "open-clip"),
    },
  ],
  [
    "shards",
    {
      mutate: [
        "runtime/data/readers/{npy,tar,tar-header}.ts",
        "runtime/data/layouts/shards/*.ts",
        "runtime/data/load-packed.ts",
      ],
      tests: testsIn("data", "shards", "layouts", "raw-shards", "pack-pictures"),
      leftOut: ["of 50 GB"],
    },
  ],
  [
    "tokens",
    {
      mutate: ["runtime/data/{small-text,tokenizers/{tokenizer,vocabulary*}}.ts", "runtime/json/*.ts"],
      tests: [...testsIn("json", "read"), ...testsIn("data", "vocabulary-json", "tokenizer")],
      leftOut: ["more than a million tokens", "more than 32 MiB"],
    },
  ],
]);

function testsIn(folder: string, ...names: readonly string[]): readonly string[] {
  return names.map((name) => `test/${folder}/${name}.test.ts`);
}
