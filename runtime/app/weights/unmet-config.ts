import { basename } from "node:path";
import type { Plan } from "../../../compiler/index.ts";
import { type Diagnostic, report } from "../../../grammar/index.ts";
import {
  type FoundConfig,
  moduleInPeft,
  modulesInFile,
  namedInVain,
  type OpenAdapter,
  type PeftConfig,
  withoutPrefix,
  withoutWrappers,
} from "../../adapters/index.ts";
import type { NameMatch } from "../../weights/index.ts";

/** A file of adapters, and what a spec finds there. */
export interface MatchedAdapters {
  readonly path: string;
  readonly file: OpenAdapter;
  readonly match: NameMatch;
}

/** Modules without adapters that are named: a file that was cut lacks many. */
const mostNamed = 3;

/**
 * What a config says of a model and the file beside it does not have: adapters on modules that it names, as a file that was cut lacks them,
 * are an error; names that mean nothing there and biases are told.
 */
export function unmetConfig(
  plan: Plan,
  given: MatchedAdapters,
  { file: subject, config }: FoundConfig & { readonly kind: "config" },
): { readonly diagnostics: readonly Diagnostic[]; readonly notes: readonly string[] } {
  const { path, file } = given;
  const inFile = modulesInFile(file.inFile.values());
  const modules = modulesIn(plan, given);
  const lacking = modules.filter(({ inPeft, module }) => !inFile.has(module) && config.isTargeted(inPeft));
  const diagnostics = lacking.slice(0, mostNamed).map(({ inPeft }) => {
    const says = `says that \`${inPeft}\` has an adapter`;
    return report("adapter-conflict", subject, { config: subject, file: basename(path), says, has: "has none of it" });
  });
  const last = diagnostics.at(-1);
  const more = lacking.length - mostNamed;
  if (last !== undefined && more > 0)
    diagnostics.splice(-1, 1, { ...last, notes: [...last.notes, `${more} more modules without an adapter`] });
  const model = new Set(modules.map(({ inPeft }) => inPeft));
  const notes = namedInVain(config, inFile, model, path).map((each) => `${subject} ${each}`);
  return { diagnostics, notes: [...notes, ...biasNotes(plan, given, subject, config.biases)] };
}

/** A module of the model with a matrix, or a parameter by itself, of which an adapter may be. */
interface Adaptable {
  /** The name in the model that PEFT was given. */
  readonly inPeft: string;
  /** The module that it is or belongs to, by that name. */
  readonly module: string;
}

/** What adapters may be on in the part of a model that a file of adapters is of; nothing where the file has none of the spec's. */
function modulesIn({ parameters }: Plan, { file, match }: MatchedAdapters): readonly Adaptable[] {
  const prefixes = new Map<string, string>();
  const adaptable = new Set(parameters.flatMap(({ checkpoint, ofAdapter }) => (ofAdapter ? [] : placesOf(checkpoint))));
  for (const { checkpoint, ofAdapter } of parameters) {
    const name = ofAdapter ? match.found.get(checkpoint) : undefined;
    const own = moduleInPeft(checkpoint);
    // What all adapters share is of no module.
    if (name === undefined || !adaptable.has(own)) continue;
    const stored = withoutWrappers(moduleInPeft(file.inFile.get(name) ?? name));
    const shared = sharedEnding(own, stored);
    prefixes.set(own.slice(0, own.length - shared), stored.slice(0, stored.length - shared));
  }
  return parameters.flatMap(({ checkpoint, shape, ofAdapter }) => {
    const [own, inPeft = ""] = [...prefixes].find(([prefix]) => checkpoint.startsWith(prefix)) ?? [];
    if (ofAdapter || own === undefined) return [];
    const parameter = inPeft + checkpoint.slice(own.length);
    const module = parameter.slice(0, Math.max(0, parameter.lastIndexOf(".")));
    const isOfModule = parameter.endsWith(".weight") && shape.length > 1;
    return [...(isOfModule ? [{ inPeft: module, module }] : []), { inPeft: parameter, module }];
  });
}

/** A parameter, and the module that it is of. */
function placesOf(checkpoint: string): readonly string[] {
  return [checkpoint, checkpoint.slice(0, Math.max(0, checkpoint.lastIndexOf(".")))];
}

/** How many characters two names have in common at their ends, from a dot on or the whole of one. */
function sharedEnding(one: string, two: string): number {
  let length = 0;
  while (length < Math.min(one.length, two.length) && one.at(-1 - length) === two.at(-1 - length)) length++;
  if (length === one.length && length === two.length) return length;
  const isWhole = (name: string): boolean => length === name.length || name.at(-1 - length) === ".";
  if (isWhole(one) && isWhole(two)) return length;
  const dot = one.indexOf(".", one.length - length);
  return dot < 0 ? 0 : one.length - dot - 1;
}

/** Biases that a config says were trained, of which the file has none. */
function biasNotes(
  { parameters }: Plan,
  { path, file }: MatchedAdapters,
  subject: string,
  biases: PeftConfig["biases"],
): readonly string[] {
  if (biases === "none" || !parameters.some(({ checkpoint }) => checkpoint.endsWith(".bias"))) return [];
  const isBias = (name: string): boolean => /(?:^|\.)bias$/.test(withoutPrefix(name)) && !name.includes(".lora_");
  if ([...file.tensors.keys()].some(isBias)) return [];
  const said = biases === "all" ? "all" : "lora_only";
  return [`${subject} has \`bias\` "${said}", but ${basename(path)} has no biases: the model's own are used`];
}
