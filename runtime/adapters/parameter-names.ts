import { type Diagnostic, report } from "../../grammar/index.ts";
import { peftConfigFor } from "./folder.ts";
import type { OpenModel } from "./open.ts";
import { namesOfParameters, type ParameterOrder } from "./target-parameters.ts";

/** A file of adapters, with those that its config has on parameters as a spec names them. */
export function withParameters(
  path: string,
  opened: OpenModel,
  order: ParameterOrder,
): OpenModel | { readonly kind: "wrong"; readonly diagnostic: Diagnostic } {
  const found = peftConfigFor(path, opened);
  if (found.kind !== "config" || found.config.kind !== "lora" || !found.config.hasParameters) return opened;
  const names = namesOfParameters(opened.tensors.keys(), found.config.parametersOf, order);
  if (names.kind === "unknown-order") {
    opened.close();
    const { module, parameters, adapted } = names;
    const params = { path, module, parameters: parameters.map((each) => `\`${each}\``).join(", "), adapted };
    return { kind: "wrong", diagnostic: report("unknown-parameter", found.file, params) };
  }
  const { nameOf } = names;
  const tensors = new Map([...opened.tensors].map(([name, tensor]) => [nameOf(name), tensor]));
  // What is looked up in the config is by the names of parameters, too.
  const inFile = new Map([...opened.inFile].map(([name, inside]) => [nameOf(name), nameOf(inside)]));
  return { ...opened, tensors, inFile };
}
