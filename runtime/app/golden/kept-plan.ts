import * as v from "valibot";
import type { Meaning } from "../../../compiler/index.ts";
import { parseJson } from "../../json/index.ts";
import { failed, ok, type Result } from "../../text/index.ts";

/**
 * The form of golden plans. It is another number where the same spec would be kept otherwise: where this file changes, or what
 * digests of computations are made of, `test/golden/kept.plan.json` says so.
 */
const form = 2;

/** Why a text is not a golden plan that can be compared: it is something else, or another version of this program's. */
export interface UnreadPlan {
  readonly message: string;
  readonly isOfOtherVersion: boolean;
}

/** What a golden plan has at most of lists within each other; it is shallow however large a model is. */
const deepest = 8;

const text = v.string();
const number = v.pipe(v.number(), v.finite());
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/));
const tensor = {
  path: text,
  checkpoint: text,
  shape: v.array(count),
  dtype: text,
  initial: text,
  ofAdapter: v.boolean(),
};
const value = { own: digest, whole: digest };

const keptPlan = v.strictObject({
  medctc_plan: v.literal(form),
  model: text,
  batch: v.pipe(count, v.minValue(1)),
  counts: named(number),
  costs: named(number),
  expectations: named(v.boolean()),
  settings: named(text),
  adapters: unique(v.strictObject({ path: text, module: text, adapter: text, arguments: named(text) }), "path"),
  lets: unique(v.strictObject({ name: text, ...value }), "name"),
  losses: v.array(v.strictObject(value)),
  metrics: unique(v.strictObject({ name: text, ...value }), "name"),
  modules: unique(v.strictObject({ path: text, own: digest }), "path"),
  parameters: unique(v.strictObject({ ...tensor, trainable: v.boolean(), group: v.exactOptional(text) }), "path"),
  buffers: unique(v.strictObject(tensor), "path"),
});

/** A list of values with names, each of which occurs once: what is there twice was merged by hand. */
function named<Value extends v.GenericSchema>(schema: Value) {
  return v.pipe(
    v.array(v.strictTuple([v.string(), schema])),
    v.check((list) => new Set(list.map(([name]) => name)).size === list.length, "a name occurs twice"),
  );
}

function unique<Key extends string, Item extends v.GenericSchema<{ readonly [Name in Key]: string }>>(
  schema: Item,
  key: Key,
) {
  return v.pipe(
    v.array(schema),
    v.check((list) => new Set(list.map((item) => item[key])).size === list.length, `a ${key} occurs twice`),
  );
}

/**
 * The meaning of a spec as the text of a file: JSON with a line for each parameter, module and setting, so that what changes in it
 * can be reviewed. It has nothing of the machine, the folder, the time or this program's version.
 */
export function writeKeptPlan(meaning: Meaning): string {
  const { model, batch, counts, costs, expectations, settings, adapters, parameters, buffers, computation } = meaning;
  const { lets, losses, metrics, modules } = computation;
  const plan: v.InferInput<typeof keptPlan> = {
    medctc_plan: form,
    ...{ model, batch },
    ...{ counts: pairs(counts), costs: pairs(costs), expectations: pairs(expectations), settings: pairs(settings) },
    adapters: adapters.map((adapter) => ({ ...adapter, arguments: pairs(adapter.arguments) })),
    ...{ lets: [...lets], losses: [...losses], metrics: [...metrics], modules: [...modules] },
    parameters: parameters.map((parameter) => ({ ...parameter, shape: [...parameter.shape] })),
    buffers: buffers.map((buffer) => ({ ...buffer, shape: [...buffer.shape] })),
  };
  const entries = Object.entries(plan).map(([key, entry]) => `  ${JSON.stringify(key)}: ${written(entry)}`);
  return `{\n${entries.join(",\n")}\n}\n`;
}

function pairs<Value>(named: readonly (readonly [string, Value])[]): [string, Value][] {
  return named.map(([name, value]) => [name, value]);
}

/** A list with an item a line, anything else as it is. */
function written(entry: unknown): string {
  if (!Array.isArray(entry) || entry.length === 0) return JSON.stringify(entry);
  return `[\n${entry.map((item) => `    ${JSON.stringify(item)}`).join(",\n")}\n  ]`;
}

/** What a text says that `writeKeptPlan` wrote, whatever its blanks and lines are now. */
export function readKeptPlan(content: string): Result<Meaning, UnreadPlan> {
  const parsed = parseJson(content, { depth: deepest });
  if (parsed.kind === "failed") return failed({ message: parsed.problem, isOfOtherVersion: false });
  const version = v.safeParse(v.looseObject({ medctc_plan: count }), parsed.value);
  if (!version.success) return failed({ message: "it is not a golden plan of medctc's", isOfOtherVersion: false });
  const found = version.output.medctc_plan;
  if (found !== form) {
    const message = `another version of medctc wrote it, in form ${found}; this version reads form ${form}`;
    return failed({ message, isOfOtherVersion: true });
  }
  const read = v.safeParse(
    v.pipe(
      keptPlan,
      v.check(
        ({ batch, settings }) => settings.some(([name, value]) => name === "train.batch" && value === String(batch)),
        "its computation is of another batch than its settings",
      ),
    ),
    parsed.value,
  );
  if (!read.success) {
    const [issue] = read.issues;
    const place = v.getDotPath(issue);
    return failed({ message: `${place === null ? "" : `\`${place}\`: `}${issue.message}`, isOfOtherVersion: false });
  }
  const { model, batch, counts, costs, expectations, settings, adapters, buffers, lets, losses, metrics, modules } =
    read.output;
  const parameters = read.output.parameters.map(({ group, ...parameter }) => {
    return { ...parameter, ...(group !== undefined && { group }) };
  });
  const computation = { lets, losses, metrics, modules };
  return ok({ model, batch, counts, costs, expectations, settings, adapters, parameters, buffers, computation });
}
