import type { Node } from "../ir/types.ts";
import type { Program } from "../programs/program.ts";
import { rewrite } from "./rewrite.ts";

/** Computes once what is computed twice: the same operation on the same inputs. */
export function share(program: Program): Program {
  const known = new Map<string, Node>();
  return rewrite(program, ({ operation }, inputs, build) => {
    const key = `${JSON.stringify(operation)} ${inputs.map(({ id }) => id).join(" ")}`;
    const found = known.get(key) ?? build.add(operation, ...inputs);
    known.set(key, found);
    return found;
  });
}
