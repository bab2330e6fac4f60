import type { Plan } from "../../../compiler/index.ts";
import type { ParameterOrder } from "../../adapters/index.ts";

/**
 * The order of parameters in the modules of a model, which is that of their declarations. A file may have other prefixes before the names of
 * modules than the model.
 */
export function parameterOrder({ parameters }: Plan): ParameterOrder {
  const modules = new Map<string, string[]>();
  for (const { checkpoint, ofAdapter } of parameters) {
    const dot = checkpoint.lastIndexOf(".");
    if (ofAdapter || dot < 0) continue;
    const module = checkpoint.slice(0, dot);
    modules.set(module, [...(modules.get(module) ?? []), checkpoint.slice(dot + 1)]);
  }
  return (module, named) => {
    const asked = new Set(named);
    const among = (own: readonly string[]): readonly string[] => own.filter((each) => asked.has(each));
    const exact = modules.get(module);
    if (exact !== undefined) return among(exact);
    const renamed = [...modules].filter(([own]) => own.endsWith(`.${module}`) || module.endsWith(`.${own}`));
    const [first, ...others] = renamed.map(([, own]) => among(own));
    return first !== undefined && others.every((each) => each.join() === first.join()) ? first : null;
  };
}
