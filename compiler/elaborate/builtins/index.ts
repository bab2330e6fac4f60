import type { Dtype } from "../../ir/index.ts";
import { Environment } from "../values.ts";
import type { Builtin } from "./builtin.ts";
import { constants } from "./constants.ts";
import { decompositions } from "./decompositions.ts";
import { products } from "./einsum.ts";
import { elementwise } from "./elementwise.ts";
import { indexing } from "./indexing.ts";
import { layout } from "./layout.ts";
import { order } from "./order.ts";
import { reductions } from "./reductions.ts";
import { resizing } from "./resize.ts";
import { windows } from "./windows.ts";

const all = {
  ...constants,
  ...elementwise,
  ...reductions,
  ...layout,
  ...indexing,
  ...order,
  ...products,
  ...resizing,
  ...windows,
  ...decompositions,
};

export type BuiltinName = keyof typeof all;

/** Every operation that a file knows without an import. */
const builtins: ReadonlyMap<string, Builtin> = new Map(Object.entries(all));

const dtypes: readonly Dtype[] = ["f32", "bf16", "i32", "bool"];

/** The names of these operations. */
export const builtinNames: readonly string[] = [...builtins.keys()];

export function isBuiltinName(name: string): name is BuiltinName {
  return builtins.has(name);
}

/** The names that every file knows. */
export function builtinEnvironment(): Environment {
  const environment = new Environment(null);
  for (const name of builtinNames) environment.define(name, { kind: "builtin", name });
  for (const dtype of dtypes) environment.define(dtype, { kind: "dtype", dtype });
  return environment;
}

/** The operation of a name that every file knows. */
export function builtinNamed(name: string): Builtin {
  const builtin = builtins.get(name);
  if (builtin === undefined) throw new Error(`${name} is a name that every file knows`);
  return builtin;
}
