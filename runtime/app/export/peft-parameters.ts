import type { AdapterUpdate, LowRankParameter, Plan } from "../../../compiler/index.ts";
import type { LoraModule } from "../../adapters/index.ts";
import type { Problem } from "../../text/index.ts";
import { problem } from "../reporter.ts";
import { parameterOrder } from "../weights/parameter-order.ts";
import type { LowRankInPeft } from "./peft-low-rank.ts";

type ParameterUpdate = AdapterUpdate & LowRankParameter;

/** The adapter of a parameter in PEFT's config, which has it by the name of the parameter. */
export function parameterInPeft({ module, rank, scale }: ParameterUpdate): LoraModule {
  return { module, rank, scale, dropout: 0, hasLengths: false };
}

/** PEFT's names for tensors beside parameters that have adapters. */
export interface WrappedNames {
  /** The module that PEFT puts the adapter of a parameter around, with the adapters of other parameters inside of it. */
  readonly wrapperOf: (parameter: string) => string;
  /** The name of a module or of one of its tensors, which may be inside of such. */
  readonly inside: (name: string) => string;
}

/**
 * PEFT puts the adapter of a parameter around the module that holds it, and those of several parameters of a module around each other, in
 * the order in which PyTorch's module has them.
 */
export function wrappedNames(updates: readonly ParameterUpdate[], plan: Plan): WrappedNames {
  const order = parameterOrder(plan);
  const wrapped = new Map<string, readonly string[]>();
  for (const { module: name } of updates) {
    const module = moduleOf(name);
    const adapted = updates.flatMap((each) => (moduleOf(each.module) === module ? [nameIn(each.module)] : []));
    wrapped.set(module, order(module, adapted) ?? adapted);
  }
  const inside = (name: string): string => {
    let given = "";
    let plain = "";
    for (const [index, part] of name.split(".").entries()) {
      given += `${index === 0 ? "" : "."}${part}`;
      plain += `${index === 0 ? "" : "."}${part}`;
      if (plain !== name) given += wrapper.repeat(wrapped.get(plain)?.length ?? 0);
    }
    return given;
  };
  const wrapperOf = (parameter: string): string => {
    const module = moduleOf(parameter);
    const names = wrapped.get(module) ?? [];
    return inside(module) + wrapper.repeat(names.length - 1 - names.indexOf(nameIn(parameter)));
  };
  return { wrapperOf, inside };
}

const wrapper = ".base_layer";

function moduleOf(parameter: string): string {
  return parameter.slice(0, Math.max(0, parameter.lastIndexOf(".")));
}

function nameIn(parameter: string): string {
  return parameter.slice(parameter.lastIndexOf(".") + 1);
}

/** Why PEFT cannot have these adapters of parameters beside those of modules; null where it can. */
export function unlikeParameters(
  updates: readonly ParameterUpdate[],
  modules: readonly Pick<LowRankInPeft, "module" | "attention" | "dropout">[],
  { parameters }: Plan,
): Problem | null {
  const help = "write them as two adapters, or whole weights with medctc export --safetensors --merge";
  const adaptedNames = new Set(updates.map(({ module }) => module));
  const holders = new Set(updates.map(({ module }) => moduleOf(module)));
  for (const { module, placement } of updates) {
    const holder = moduleOf(module);
    const cannot = (why: string, instead = help): Problem =>
      problem(`PEFT cannot represent \`${placement}\`, on \`${module}\`: ${why}`, instead);
    if (holder === "")
      return cannot(
        "it adapts no parameter of the whole model itself, but of modules in it",
        "hold the parameter in a module, or write whole weights with medctc export --safetensors --merge",
      );
    const same = parameters.find(
      ({ checkpoint, ofAdapter }) => !ofAdapter && !adaptedNames.has(checkpoint) && checkpoint.endsWith(`.${module}`),
    );
    if (same !== undefined)
      return cannot(`it finds parameters by how their names end, and cannot tell it from \`${same.checkpoint}\``);
    const adapted = modules.find((each) => each.module === holder || each.attention?.module === holder);
    if (adapted !== undefined) return cannot("its module has an adapter, too");
    const outer = [...holders].find((each) => holder.startsWith(`${each}.`));
    if (outer !== undefined)
      return cannot(
        `it is inside of \`${outer}\`, which has an adapter on a parameter itself, and PEFT does not find it there`,
      );
  }
  if (updates.length === 0) return null;
  const dropped = modules.find(({ dropout }) => dropout > 0);
  if (dropped !== undefined)
    return problem(
      `PEFT has no dropout beside adapters of parameters, but \`${dropped.module}\` has a rate of ${dropped.dropout}`,
      help,
    );
  return null;
}
