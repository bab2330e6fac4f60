import type { AdapterDeclaration } from "../../grammar/index.ts";
import {
  type Adaptable,
  type BuiltinArgument,
  type Evaluator,
  innermostList,
  type ModelElaborator,
  number,
  type Value,
} from "../elaborate/index.ts";

/**
 * The arguments of a placement for each module or parameter that it selects. Where an adapter takes one number or word, a function gives it from the
 * number of the layer that this is in, and a list has one for each layer selected: of `layers[-2..]` two. Layers are those of the
 * innermost list.
 */
export class LayerArguments {
  private readonly declaration: AdapterDeclaration;
  private readonly passed: readonly BuiltinArgument[];
  private readonly evaluator: Evaluator;
  private readonly calls: ModelElaborator["calls"];
  /** The layers selected of each list, in their order. */
  private readonly layers = new Map<string, readonly number[]>();

  constructor(
    declaration: AdapterDeclaration,
    passed: readonly BuiltinArgument[],
    selected: Iterable<Adaptable>,
    evaluator: Evaluator,
    calls: ModelElaborator["calls"],
  ) {
    this.declaration = declaration;
    this.passed = passed;
    this.evaluator = evaluator;
    this.calls = calls;
    for (const { steps } of selected) {
      const found = innermostList(steps);
      if (found === null) continue;
      const known = this.layers.get(found.list) ?? [];
      if (!known.includes(found.index))
        this.layers.set(
          found.list,
          [...known, found.index].sort((a, b) => a - b),
        );
    }
  }

  /** What is passed to the adapter on one of them. */
  of(base: Adaptable): readonly BuiltinArgument[] {
    return this.passed.map((argument, index) => {
      const { parameters } = this.declaration;
      const parameter =
        argument.name === null ? parameters[index] : parameters.find(({ name }) => name.text === argument.name);
      if (parameter?.type?.kind !== "scalar-type") return argument;
      return { ...argument, value: this.valueAt(argument, parameter.name.text, base) };
    });
  }

  private valueAt({ value, span }: BuiltinArgument, name: string, { path, steps }: Adaptable): Value {
    const { trace } = this.evaluator;
    const isFunction = value.kind === "arrow" || value.kind === "builtin" || value.kind === "callable";
    if (!isFunction && value.kind !== "list") return value;
    const found = innermostList(steps);
    if (found === null) return trace.fail("in-no-layer", span, { name, path });
    const { list, index } = found;
    if (value.kind !== "list") {
      return this.calls.call(value, [{ name: null, value: number(index), span }], span, trace);
    }
    const layers = this.layers.get(list) ?? [];
    const { length } = value.elements;
    const element = length === layers.length ? value.elements[layers.indexOf(index)] : undefined;
    return element ?? trace.fail("uneven-layers", span, { name, values: length, layers: layers.length, list });
  }
}
