import type { Argument, ModuleDeclaration } from "../../grammar/index.ts";

/** Which arguments of an encoder are inputs of its `forward`: those that are named so, and not as an argument of the module. */
export function inputsGiven({ parameters, members }: ModuleDeclaration): (argument: Argument) => boolean {
  const own = new Set(parameters.map(({ name }) => name.text));
  const inputs = new Set(
    members.flatMap((member) => (member.kind === "forward" ? member.parameters.map(({ name }) => name.text) : [])),
  );
  return ({ name }) => name !== null && inputs.has(name.text) && !own.has(name.text);
}
