import type { Plan, Rows } from "../../../compiler/index.ts";
import type { Problem } from "../../text/index.ts";
import { problem } from "../reporter.ts";

/**
 * Why PEFT cannot train these rows of tables; null where it can. Without LoRA beside them its config has one list of tokens, for all
 * tables, and with it lists by how a table's name ends, which has to be the end of no other name.
 */
export function unlikeRows(
  rows: readonly (Rows & { readonly placement: string })[],
  isBesideLora: boolean,
  { parameters }: Plan,
): Problem | null {
  const [first] = rows;
  if (first === undefined) return null;
  const other = rows.find(({ tokens }) => tokens.join() !== first.tokens.join());
  if (!isBesideLora && other !== undefined) {
    return problem(
      `PEFT trains the same tokens of all tables, but \`${first.placement}\` and \`${other.placement}\` name different ones`,
      "name the same tokens in both, or write two adapters",
    );
  }
  const weights = parameters.map(({ checkpoint }) => checkpoint);
  for (const { module } of isBesideLora ? rows : []) {
    const same = weights.find((name) => name.endsWith(`${module}.weight`) && name !== `${module}.weight`);
    if (same === undefined) continue;
    const message = `PEFT finds tables by how their names end, and cannot tell \`${module}.weight\` from \`${same}\``;
    return problem(message, "write the trained tokens and LoRA as two adapters");
  }
  return null;
}
