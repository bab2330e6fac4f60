import type { ModelMember, ModuleMember } from "../../../grammar/index.ts";
import type { Component, ModuleInstance, ParameterInstance } from "../../elaborate/index.ts";
import { UniqueNames } from "../lowering/index.ts";
import { knownFirstValue } from "./first-values.ts";
import { attributeName } from "./names.ts";
import { call, indented, layOut, method, type Python, text, withComment, word } from "./python.ts";
import type { Writer } from "./scope.ts";

/** The attributes of an adapter's class that are tensors of the model, which other adapters have too. */
export function sharedTensors(members: readonly (ModuleMember | ModelMember)[]): readonly string[] {
  const lines = members.flatMap((each) =>
    each.kind === "param" && each.shared ? [indented(1, `${attributeName(each.name.text)} = ops.SharedTensor()`)] : [],
  );
  return lines.length === 0 ? [] : [...lines, ""];
}

/** The names that tensors which adapters share have in the model's `shared`. */
export function sharedNames(components: readonly Component[]): ReadonlyMap<ParameterInstance, string> {
  const unique = new UniqueNames([]);
  return new Map(
    components.flatMap((each) => {
      if (each.kind !== "shared") return [];
      const [, ...steps] = each.parameter.steps;
      const words = steps.flatMap(({ name, index }) => [name, ...(index === null ? [] : [String(index)])]);
      return [[each.parameter, unique.take(attributeName(words.join("_")))] as const];
    }),
  );
}

/** Makes what adapters share; nothing where they share nothing. */
export function writeShared(components: readonly Component[], writer: Writer): readonly string[] {
  const names = sharedNames(components);
  if (names.size === 0) return [];
  const entries = [...names].map(([{ checkpoint }, name]) => ({ name, value: text(checkpoint) }));
  return [
    indented(2, "# What adapters share."),
    ...layOut(2, "self.shared = ", call("ops.Shared", [{ kind: "dict", entries }])),
    ...[...names].flatMap(([{ type, initial, storage }, name]) => {
      const sizes: Python = { kind: "list", elements: type.shape.map((size) => word(String(size))) };
      const made = knownFirstValue(initial, sizes, writer);
      const values = type.dtype === "i32" ? method(made, "int", []) : made;
      const given = storage === "param" ? call("nn.Parameter", [values]) : values;
      const register = storage === "param" ? "register_parameter" : "register_buffer";
      const lines = layOut(2, "", method(word("self.shared"), register, [text(name), given]));
      return withComment(2, lines, `${type.dtype}[${type.shape.join(", ")}]`);
    }),
  ];
}

/** An adapter with what it shares, by its names: `{ down: "vera_down" }`. */
export function sharingOf(
  { declaration, members }: ModuleInstance,
  names: ReadonlyMap<ParameterInstance, string>,
): readonly (readonly [string, string])[] {
  return declaration.members.flatMap((each) => {
    if (each.kind !== "param" || !each.shared) return [];
    const value = members.get(each.name.text);
    const name = value?.kind === "parameter" ? names.get(value.parameter) : undefined;
    return name === undefined ? [] : [[attributeName(each.name.text), name] as const];
  });
}
