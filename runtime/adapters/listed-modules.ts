import { basename } from "node:path";
import type { PeftConfig } from "./config.ts";
import { fittingAny } from "./listed-names.ts";
import { moduleInPeft, withoutWrappers } from "./peft-names.ts";

/** Names that a note has; a config that was written by a program has all modules of a model. */
const mostNamed = 3;

/** The modules that tensors of a file are of, and what these are in, by the names that PEFT was given, and without what wraps them. */
export function modulesInFile(inFile: Iterable<string>): ReadonlySet<string> {
  const found = new Set<string>();
  for (const name of inFile) {
    const inPeft = moduleInPeft(name).replaceAll(/\.base_layer(?=\.|$)/g, "");
    for (const module of [inPeft, withoutWrappers(inPeft)]) addWithParents(module, found);
  }
  return found;
}

function addWithParents(module: string, found: Set<string>): void {
  for (let end = module.length; end > 0; end = module.lastIndexOf(".", end - 1)) {
    if (found.has(module.slice(0, end))) return;
    found.add(module.slice(0, end));
  }
}

/**
 * What a config names of which a file beside it has nothing, in words: PEFT passes over it in silence. What else `model` has may be named
 * without; of what is excluded it is the model that has it.
 */
export function namedInVain(
  { listed }: Pick<PeftConfig, "listed">,
  inFile: ReadonlySet<string>,
  model: ReadonlySet<string> | null,
  file: string,
): readonly string[] {
  const isInFile = fittingAny(inFile);
  const isInModel = model === null ? null : fittingAny(model);
  const fields = new Map<string, string[]>();
  for (const each of listed) {
    const { field, called, pattern } = each;
    if (field === excluded && isInModel === null) continue;
    // Of an adapted parameter the file has the module alone.
    const ofModule = field === "target_parameters" ? called.slice(0, Math.max(0, called.lastIndexOf("."))) : called;
    if (ofModule === "" || isInFile({ field, called: ofModule, pattern })) continue;
    if (!field.endsWith("_pattern") && isInModel?.(each) === true) continue;
    fields.set(field, [...(fields.get(field) ?? []), `\`${called}\``]);
  }
  return [...fields].map(([field, names]) => {
    const more = names.length - mostNamed;
    const all = `${names.slice(0, mostNamed).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
    return `has ${all} in \`${field}\`, but ${field === excluded ? "the model has no such module" : `${basename(file)} has no adapter there`}`;
  });
}

const excluded = "exclude_modules";
