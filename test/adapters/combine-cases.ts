import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { electedBy, type MethodName, methods } from "../../runtime/adapters/index.ts";
import type { CombineRequest } from "../../runtime/app/adapters/combine.ts";

export const fixture = "test/fixtures/peft-combine";

const number = v.number();
const methodNames = Object.keys(methods).filter((name): name is MethodName => name in methods);

const cases = v.record(
  v.string(),
  v.object({
    adapters: v.array(v.string()),
    weights: v.array(number),
    options: v.strictObject({
      combination_type: v.optional(v.picklist(methodNames), "linear"),
      density: v.optional(number),
      majority_sign_method: v.optional(v.picklist(electedBy)),
      seed: v.optional(number),
      svd_rank: v.optional(number),
      svd_clamp: v.optional(number),
    }),
  }),
);

/** What the cases of the fixture ask medctc for, without a folder for the result. */
export const combineCases: ReadonlyMap<string, Omit<CombineRequest, "folder" | "card">> = new Map(
  Object.entries(v.parse(cases, JSON.parse(readFileSync(join(fixture, "cases.json"), "utf8")))).map(
    ([name, { adapters, weights, options }]) => [
      name,
      {
        adapters: adapters.map((adapter) => join(fixture, adapter)),
        weights,
        method: options.combination_type,
        density: options.density ?? null,
        sign: options.majority_sign_method ?? null,
        seed: options.seed ?? null,
        rank: options.svd_rank ?? null,
        clamp: options.svd_clamp ?? null,
        forSpec: null,
      },
    ],
  ),
);
