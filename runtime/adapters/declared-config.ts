import { type Patterned, valueFor } from "./config-fields.ts";
import { type Fields, type Wrong, wrong } from "./json-object.ts";
import { type ConfigFields, everyConfig, mostFrequent, patternsFor } from "./write-config.ts";

/** A value that an adapter's declaration gives to a field of PEFT's config. */
export type FieldValue = number | string | boolean | null | readonly FieldValue[];

/** A module, by its name in checkpoints, and what the declaration of the adapter on it says that this is in PEFT. */
export interface DeclaredModule {
  readonly module: string;
  readonly type: string;
  readonly fields: Readonly<Record<string, FieldValue>>;
}

/** A config of a type that no code knows: the fields that it uses are held against what declarations say. */
export interface DeclaredConfig {
  readonly kind: "declared";
  readonly type: string;
  readonly fields: Fields;
  /** The fields of these that are patterns for another. */
  readonly patterns: ReadonlyMap<string, Patterned>;
}

/** How far apart two numbers are that are the same but for their digits in a file. */
const tolerance = 1e-6;

/** What a field is by its name: that of one module, the list of modules where it is true, or a pattern for another field. */
type FieldKind = "value" | "modules" | "pattern";

function kindOf(name: string): FieldKind {
  if (name.endsWith("_modules")) return "modules";
  return isPattern(name) ? "pattern" : "value";
}

export function isPattern(name: string): boolean {
  return name.endsWith("_pattern");
}

/** What PEFT takes from the model where a config leaves it out: it counts for the types whose declarations have it. */
export const modelFields: ReadonlySet<string> = new Set(["num_layers", "num_attention_heads"]);

/** The list of fields that change nothing of what tensors mean: a file may have any value of them. */
export const unread = "unread";

/** Whether PEFT's file has what all placements share behind the name of each module, too. */
const copied = "copied";

/** The name of the field that has how many adapters there are, on the last of the modules whose names end as `target_modules` says. */
export const counted = "counted";

/** The list of tensors that PEFT's files lack, as they follow from the weights. */
const computed = "computed";

/** The list of tensors, by their names behind that of the module, that follow from the config: files have them as they are at first. */
const constant = "constant";

/** Fields of a declaration that are not PEFT's: they say how its files are read and written. */
export const ofFiles: ReadonlySet<string> = new Set([unread, copied, counted, computed, constant]);

/** The tensors of an adapter, by their names in checkpoints, that PEFT's files lack: their first values follow from the weights. */
export function computedOf({ module, fields }: Pick<DeclaredModule, "module" | "fields">): ReadonlySet<string> {
  const names = fields[computed];
  return new Set(Array.isArray(names) ? names.map((name) => `${module}.${String(name)}`) : []);
}

export function constantTensors({ fields }: Pick<DeclaredModule, "fields">): readonly string[] {
  return namesIn(fields[constant]);
}

export function isCopied({ fields }: Pick<DeclaredModule, "fields">): boolean {
  return fields[copied] === true;
}

function unreadIn({ fields }: Pick<DeclaredModule, "fields">): ReadonlySet<string> {
  return new Set(namesIn(fields[unread]));
}

function namesIn(value: FieldValue | undefined): readonly string[] {
  return typeof value !== "object" || value === null ? [] : value.filter((each) => typeof each === "string");
}

/** A pattern that is PEFT's mask of the rows of a tensor, of which the files have those that are kept alone. */
interface RowMask {
  /** The end of the tensor's name. */
  readonly tensor: string;
  readonly kept: number;
  readonly all: number;
}

function rowMaskOf(value: FieldValue | undefined): RowMask | null {
  if (typeof value !== "object" || value === null) return null;
  const [tensor, kept, all] = value;
  return typeof tensor === "string" && typeof kept === "number" && typeof all === "number"
    ? { tensor, kept, all }
    : null;
}

/** The masks of all modules, where there is one that leaves out rows. */
function masksOf(
  modules: readonly DeclaredModule[],
  name: string,
): Readonly<Record<string, readonly boolean[]>> | null {
  const masks = modules.flatMap(({ module, fields }) => {
    const mask = rowMaskOf(fields[name]);
    return mask === null ? [] : [{ ...mask, key: `${module}.${mask.tensor}` }];
  });
  if (masks.every(({ kept, all }) => kept === all)) return null;
  return Object.fromEntries(
    masks.map(({ key, kept, all }) => [key, Array.from({ length: all }, (_, row) => row < kept)]),
  );
}

/** Whether an adapter belongs to the whole model instead of to modules: PEFT then has its tensors by their own names. */
export function isOfWholeModel({ fields }: Pick<DeclaredModule, "fields">): boolean {
  return fields["target_modules"] === null;
}

/** The modules with adapters as the config names them: by a list, or as the last ones with a name that the declaration has. */
function targetsOf(
  modules: readonly DeclaredModule[],
  { type, fields }: DeclaredModule,
  all: Iterable<string>,
): { readonly kind: "targets"; readonly targets: ConfigFields } | Wrong {
  const { target_modules: called, [counted]: count } = fields;
  const targets = { target_modules: typeof called === "string" ? called : modules.map(({ module }) => module) };
  if (called === null || count === undefined) return { kind: "targets", targets: called === null ? {} : targets };
  if (typeof called !== "string" || typeof count !== "string")
    return wrong("`counted` is the name of a field, beside `target_modules` that is the name of a module");
  const last = [...all].filter((module) => module.endsWith(`.${called}`)).slice(-modules.length);
  const own = new Set(modules.map(({ module }) => module));
  const lacking = last.find((module) => !own.has(module));
  if (lacking !== undefined)
    return wrong(`PEFT has ${type} in the last modules called \`${called}\`, and here \`${lacking}\` is without it`);
  return { kind: "targets", targets: { ...targets, [count]: modules.length } };
}

/**
 * The config of adapters of one type, in a model with `all` modules in their order. A field has one value for all modules, and where it has
 * not, the most frequent one, with a pattern for the others where the declaration has one.
 */
export function declaredConfig(
  modules: readonly DeclaredModule[],
  all: Iterable<string>,
): { readonly kind: "config"; readonly config: ConfigFields } | Wrong {
  const [first] = modules;
  if (first === undefined) return wrong("there are no adapters");
  if (isOfWholeModel(first) && modules.length > 1)
    return wrong(`PEFT has one adapter of the type ${first.type} in a model`);
  const found = targetsOf(modules, first, all);
  if (found.kind === "wrong") return found;
  const config: Record<string, unknown> = { ...everyConfig, peft_type: first.type, ...found.targets };
  const patterned = new Set(
    Object.entries(first.fields).flatMap(([name, field]) => (kindOf(name) === "pattern" ? [field] : [])),
  );
  for (const [name, value] of Object.entries(first.fields)) {
    if (name === "target_modules" || ofFiles.has(name)) continue;
    switch (kindOf(name)) {
      case "modules":
        config[name] = modules.flatMap(({ module, fields }) => (fields[name] === true ? [module] : []));
        break;
      case "pattern": {
        if (rowMaskOf(value) !== null) {
          config[name] = masksOf(modules, name);
          break;
        }
        const values = numbersOf(modules, String(value));
        if (values === null) return wrong(`\`${name}\` is a pattern for \`${String(value)}\`, which is not a number`);
        config[name] = patternsFor(values, mostFrequent(values.values()));
        break;
      }
      case "value": {
        const isOne = modules.every(({ fields }) => isSame(fields[name] ?? null, value));
        if (!isOne && !patterned.has(name))
          return wrong(`PEFT has one \`${name}\` for all modules, and here are several`);
        config[name] = isOne ? value : mostFrequent((numbersOf(modules, name) ?? new Map()).values());
      }
    }
  }
  return { kind: "config", config };
}

/** A field of all modules, where it is a number. */
function numbersOf(modules: readonly DeclaredModule[], name: string): ReadonlyMap<string, number> | null {
  const values = new Map<string, number>();
  for (const { module, fields } of modules) {
    const value = fields[name];
    if (typeof value !== "number") return null;
    values.set(module, value);
  }
  return values;
}

/** How a config differs from what a declaration says of a module, one of so many, in words; null where it does not. */
export function differenceFrom(
  config: DeclaredConfig,
  { module, type: own, fields }: DeclaredModule,
  count: number,
): { readonly found: string; readonly expected: string } | null {
  const { type, fields: stored } = config;
  if (type !== own) return { found: `is of the type ${type}`, expected: `is of the type ${own}` };
  const patterns = new Map(
    Object.entries(fields).flatMap(([name, of]) =>
      typeof of === "string" && kindOf(name) === "pattern" ? [[of, name] as const] : [],
    ),
  );
  const free = unreadIn({ fields });
  const field = fields[counted];
  const counts = typeof field === "string" ? stored.get(field) : count;
  if (counts !== count) return { found: `has \`${String(field)}\` ${shown(counts)}`, expected: `has ${count}` };
  for (const name of stored.keys())
    if (name !== field && !(name in fields) && !free.has(name) && !modelFields.has(name))
      return { found: `has \`${name}\` ${shown(stored.get(name))}`, expected: "has none" };
  for (const [name, value] of Object.entries(fields)) {
    if (name === "target_modules" || name in everyConfig || kindOf(name) === "pattern") continue;
    if (free.has(name) || ofFiles.has(name)) continue;
    const found = storedValue(config, name, patterns.get(name), module);
    if (!isSame(found, value)) return { found: `has \`${name}\` ${shown(found)}`, expected: `has ${shown(value)}` };
  }
  return null;
}

function isListed(stored: Fields, name: string, module: string): boolean {
  const list = stored.get(name);
  return Array.isArray(list) && list.some((ending) => typeof ending === "string" && module.endsWith(ending));
}

/** The value of a field for a module: of a list of modules whether it is in it; of a pattern the first that fits. */
export function storedValue(
  { fields, patterns: stored }: DeclaredConfig,
  name: string,
  pattern: string | undefined,
  module: string,
): unknown {
  if (kindOf(name) === "modules") return isListed(fields, name, module);
  const patterned = stored.get(pattern ?? "");
  const value = patterned === undefined ? null : valueFor(patterned, module);
  return value ?? fields.get(name) ?? null;
}

export function isSame(found: unknown, value: FieldValue): boolean {
  if (found === null && (value === false || value === 0)) return true;
  if (typeof found === "number" && typeof value === "number")
    return Math.abs(found - value) <= tolerance * Math.abs(value);
  return JSON.stringify(found) === JSON.stringify(value);
}

function shown(value: unknown): string {
  return value === undefined ? "none" : JSON.stringify(value);
}
