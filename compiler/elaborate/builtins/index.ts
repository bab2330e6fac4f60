import type { Dtype } from "../../ir/index.ts";
import { Environment } from "../environment.ts";
import { constants } from "./constants.ts";
import { elementwise } from "./elementwise.ts";
import { layout } from "./layout.ts";
import { reductions } from "./reductions.ts";

/** Every operation that a file knows without an import. */
const builtins = { ...constants, ...elementwise, ...reductions, ...layout };

const dtypes: readonly Dtype[] = ["f32", "bf16", "i32", "bool"];

/** The names that every file knows. */
export function builtinEnvironment(): Environment {
  const environment = new Environment(null);
  for (const [name, builtin] of Object.entries(builtins)) environment.define(name, { kind: "builtin", name, builtin });
  for (const dtype of dtypes) environment.define(dtype, { kind: "dtype", dtype });
  return environment;
}
