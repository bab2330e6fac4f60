/** Parts of the program whose tests are held to find mutants: what is mutated, and the tests that have to find it. */
export interface MutationGroup {
  readonly mutate: readonly string[];
  readonly tests: readonly string[];
}

/** Only unit tests, so that a mutant costs a second or so. */
export const groups: ReadonlyMap<string, MutationGroup> = new Map([
  [
    "metrics",
    {
      mutate: ["runtime/evaluate/{bootstrap,metrics,ranking,results,zero-shot}.ts"],
      tests: ["test/evaluate/{bootstrap,metrics,zero-shot}.test.ts"],
    },
  ],
  [
    "selectors",
    {
      mutate: ["compiler/select/*.ts"],
      tests: ["test/compiler/selection.test.ts", "test/adapters/selectors.test.ts", "test/golden/golden.test.ts"],
    },
  ],
  ["types", { mutate: ["compiler/ops/*.ts"], tests: ["test/ops/*.test.ts", "test/golden/golden.test.ts"] }],
  [
    "readers",
    {
      mutate: [
        "runtime/weights/*.ts",
        "runtime/files/*.ts",
        "runtime/json/*.ts",
        "runtime/data/{small-text,tokenizer,vocabulary*}.ts",
        "runtime/data/readers/*.ts",
        "runtime/data/layouts/ct-rate/*.ts",
      ],
      tests: [
        "test/weights/*.test.ts",
        "test/files/*.test.ts",
        "test/data/{bad-volumes,csv,dataset,read-volume,tokenizer}.test.ts",
      ],
    },
  ],
]);
