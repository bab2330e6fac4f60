import { plainTokens, type TokenSettings } from "../../compiler/index.ts";
import { failed, ok, type Result } from "../text/index.ts";
import type { DataInputs } from "./data-inputs.ts";
import { textTables } from "./row-inputs.ts";

/** What a model's inputs ask of the one tokenizer that they share; what one says holds for those that say nothing. */
export function tokenSettingsOf(inputs: Pick<DataInputs, "inputs">): Result<TokenSettings> {
  let all = plainTokens;
  const saidBy = new Map<string, string>();
  for (const { name, settings } of textTables(inputs)) {
    const said = Object.entries(settings).filter(([, value]) => value !== null);
    const earlier = new Map(Object.entries(all));
    const other = said.find(([key, value]) => saidBy.has(key) && earlier.get(key) !== value);
    if (other !== undefined) {
      const [key] = other;
      const message = `\`${saidBy.get(key) ?? ""}\` and \`${name}\` need different tokenizers: their \`${key}\` differs`;
      return failed({
        subject: "",
        message,
        help: "give `tokens()` the same settings in all inputs: they share a vocabulary",
      });
    }
    for (const [key] of said) saidBy.set(key, name);
    all = { ...all, ...Object.fromEntries(said) };
  }
  return ok(all);
}
