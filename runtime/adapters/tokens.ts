import { type Fields, fieldsOf, type Wrong, wrong } from "./json-object.ts";
import { knownTypes, tokensEnding } from "./peft-format.ts";

/** Which rows of the tables of a model an adapter trains, by the names of these in checkpoints; null of a table that it leaves alone. */
export type TrainedTokens = (module: string) => readonly number[] | null;

/** What PEFT's adapters that train rows of tables, and nothing else, say in their config. */
export interface TokensConfig {
  readonly kind: "tokens";
  readonly tokensOf: TrainedTokens;
}

/** The module of its own that PEFT has for the rows beside LoRA. */
const besideLora = ".token_adapter";

/** The name of the rows in PEFT's files, without its prefix. */
export function tokensName(module: string, isBesideLora: boolean): string {
  return `${module}${isBesideLora ? besideLora : ""}${tokensEnding}`;
}

/** A name in PEFT's files as a spec has it. */
export function ownTokensName(name: string): string {
  return name.replace(`${besideLora}${tokensEnding}`, tokensEnding);
}

/** Reads a list of tokens, or lists by the endings of the names of tables. */
export function readTokens(fields: Fields, key: string): TrainedTokens | Wrong {
  const given = fields.get(key) ?? {};
  const all = listOf(given);
  if (all !== null) return () => all;
  const lists = [...(fieldsOf(given) ?? new Map<string, unknown>([["", null]]))].map(
    ([ending, value]) => [ending, listOf(value)] as const,
  );
  if (lists.some(([, list]) => list === null))
    return wrong(`its \`${key}\` is neither a list of whole numbers from 0 up, nor such lists by names of modules`);
  return (module) => lists.find(([ending]) => module.endsWith(ending))?.[1] ?? null;
}

/** Whole numbers from 0 up; null for everything else. */
function listOf(value: unknown): readonly number[] | null {
  if (!Array.isArray(value)) return null;
  const numbers = value.filter((each): each is number => Number.isSafeInteger(each) && each >= 0);
  return numbers.length === value.length ? numbers : null;
}

/** The config of adapters that train the same rows of some tables. */
export function tokensConfig(modules: readonly string[], tokens: readonly number[]): Readonly<Record<string, unknown>> {
  return {
    auto_mapping: null,
    base_model_name_or_path: null,
    inference_mode: true,
    init_weights: true,
    peft_type: knownTypes.tokens,
    revision: null,
    target_modules: modules,
    task_type: null,
    token_indices: tokens,
  };
}
