import { mostPatterns, textsIn } from "./config-fields.ts";
import { type Fields, type Wrong, wrong } from "./json-object.ts";
import { parameterEndings } from "./peft-format.ts";
import { peftPrefix } from "./peft-names.ts";

/**
 * The parameters of a module, by its name in checkpoints, on which a config has adapters (`target_parameters`); in no order, and maybe some
 * that the module does not have, as a config has endings of names.
 */
export type TargetParameters = (module: string) => readonly string[];

/**
 * The parameters that a model has in a module, of those that are named, in the order in which PEFT puts adapters around them: that in which
 * PyTorch's module has them. Null where the model is not known.
 */
export type ParameterOrder = (module: string, named: readonly string[]) => readonly string[] | null;

export const noTargetParameters: TargetParameters = () => [];

/** Reads `target_parameters`: names of parameters, or how these end behind a dot. */
export function readTargetParameters(fields: Fields): TargetParameters | Wrong {
  const texts = textsIn(fields, "target_parameters");
  if (typeof texts === "string") return wrong("its `target_parameters` is not a list of names");
  if ("problem" in texts) return texts;
  if (texts.length > mostPatterns)
    return wrong(`its \`target_parameters\` has ${texts.length} elements, more than ${mostPatterns}`);
  const targets = texts.map((text) => {
    const dot = text.lastIndexOf(".");
    return { module: text.slice(0, Math.max(0, dot)), parameter: text.slice(dot + 1) };
  });
  return (module) => {
    const fit = targets.filter((each) => isOrEnds(module, each.module));
    return [...new Set(fit.map(({ parameter }) => parameter))];
  };
}

function isOrEnds(module: string, ending: string): boolean {
  return ending === "" || module === ending || module.endsWith(`.${ending}`);
}

/** Whether a name is that of a parameter with an adapter of its own. */
export function isTargetParameter(name: string, targets: TargetParameters): boolean {
  const dot = name.lastIndexOf(".");
  return dot > 0 && targets(name.slice(0, dot)).includes(name.slice(dot + 1));
}

/** A tensor of LoRA in PEFT's files, of a module or of one of its parameters. */
const ofLora = /^(.*)\.lora_([AB])\.weight$/;

const wrapper = ".base_layer";

/** A module whose parameters have adapters, of which it is not known which one each adapter is on. */
export interface UnknownOrder {
  readonly kind: "unknown-order";
  readonly module: string;
  readonly parameters: readonly string[];
  /** How many of them have adapters in the file. */
  readonly adapted: number;
}

/**
 * What a spec calls the tensors of a file, by their names there. PEFT has an adapter on a parameter as one around the module that holds
 * it, and those on several parameters of a module around each other, the first one innermost: `X.base_layer.lora_A.weight` and
 * `X.lora_A.weight`. In a spec these are `X.first.lora_parameter_A` and `X.second.lora_parameter_A`, and no other name has the wrappers.
 */
export function namesOfParameters(
  names: Iterable<string>,
  targets: TargetParameters,
  order: ParameterOrder,
): { readonly kind: "names"; readonly nameOf: (name: string) => string } | UnknownOrder {
  const own: TargetParameters = (module) => {
    const named = targets(module);
    return named.length === 0 ? named : (order(module, named) ?? named);
  };
  const placed = [...names].flatMap((name) => {
    const [, whole = "", letter] = ofLora.exec(name) ?? [];
    return letter === undefined ? [] : [{ name, letter, ...unwrapped(whole, own) }];
  });
  const depths = new Map<string, number>();
  for (const { module, depth } of placed)
    if (depth !== null) depths.set(module, Math.max(depths.get(module) ?? 0, depth + 1));
  const ordered = new Map<string, readonly string[]>();
  for (const [module, adapted] of depths) {
    const plain = withoutRoot(module);
    const parameters = own(plain);
    const isOrdered = parameters.length === 1 || order(plain, targets(plain)) !== null;
    if (!isOrdered || parameters.length !== adapted)
      return { kind: "unknown-order", module: plain, parameters, adapted };
    ordered.set(module, parameters);
  }
  const found = new Map(
    placed.map(({ name, letter, module, depth }) => {
      if (depth === null) return [name, `${module}.lora_${letter}.weight`] as const;
      const parameters = ordered.get(module) ?? [];
      const parameter = parameters[parameters.length - 1 - depth] ?? "";
      return [name, `${module}.${parameter}${letter === "A" ? parameterEndings.down : parameterEndings.up}`] as const;
    }),
  );
  return { kind: "names", nameOf: (name) => found.get(name) ?? unwrapped(name, own).module };
}

/** A name without the wrappers of parameters, and how many stand around it where it ends in a module of such. */
function unwrapped(
  name: string,
  targets: TargetParameters,
): { readonly module: string; readonly depth: number | null } {
  const [first = "", ...rest] = name.split(wrapper);
  let module = first;
  let depth = 0;
  for (const part of rest) {
    const isWrapper = (part === "" || part.startsWith(".")) && targets(withoutRoot(module)).length > 0;
    depth = isWrapper && part === "" ? depth + 1 : 0;
    module += isWrapper ? part : `${wrapper}${part}`;
  }
  return { module, depth: targets(withoutRoot(module)).length > 0 ? depth : null };
}

function withoutRoot(name: string): string {
  const at = name.indexOf(peftPrefix);
  return at < 0 ? name : name.slice(at + peftPrefix.length);
}
