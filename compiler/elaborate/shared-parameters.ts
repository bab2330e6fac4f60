import type { AdapterDeclaration, Expression, ParamMember } from "../../grammar/index.ts";
import { printType } from "../ir/index.ts";
import type { Evaluator } from "./evaluate.ts";
import { printSteps, type Step } from "./parameters.ts";
import { type ChildNaming, type ModuleInstance, number, type ParameterInstance, printInitial } from "./values.ts";

interface SharedParameter {
  readonly declaration: AdapterDeclaration;
  readonly member: ParamMember;
  readonly parameter: ParameterInstance;
}

/** What placements of adapters share. */
export class SharedParameters {
  /** In the order in which it is first met, by its path. */
  private readonly known = new Map<string, SharedParameter>();

  get parameters(): readonly ParameterInstance[] {
    return [...this.known.values()].map(({ parameter }) => parameter);
  }

  /**
   * One parameter for all placements of an adapter in which it has the same type and first value, or for those of one group. `make`
   * gives the parameter below some steps, or null where its condition is false.
   */
  of(
    member: ParamMember,
    instance: ModuleInstance,
    make: (above: readonly Step[], nameChild: ChildNaming) => ParameterInstance | null,
    evaluator: Evaluator,
  ): ParameterInstance | null {
    const { declaration } = instance;
    const { name, span } = member;
    if (declaration.kind !== "adapter") return evaluator.trace.fail("shared-outside-adapter", span, {});
    const same = [...this.known.values()].filter((each) => each.declaration === declaration && each.member === member);
    const group = member.group === null ? null : groupOf(member.group, instance, evaluator);
    const index = group ?? (same.length === 0 ? null : same.length);
    const above = [stepTo("shared", null), stepTo(declaration.name.text, null)];
    const nameChild = (own: string): string => (index === null ? own : `${own}.${index}`);
    const made = make(above, nameChild);
    if (made === null) return null;
    if (made.initial.kind === "computed") {
      return evaluator.trace.fail("computed-shared-value", member.initial?.span ?? span, { name: name.text });
    }
    const steps = [...above, stepTo(name.text, index)];
    const path = printSteps(steps);
    const found = same.find(({ parameter }) => (group === null ? isAlike(parameter, made) : parameter.path === path));
    if (found !== undefined) {
      if (group === null || isAlike(found.parameter, made)) return found.parameter;
      const params = { name: name.text, group, first: typed(found.parameter), second: typed(made) };
      return evaluator.trace.fail("unequal-group", span, params);
    }
    const checkpoint = member.named === null ? `${declaration.name.text}.${made.checkpoint}` : made.checkpoint;
    const parameter = { ...made, steps, path, checkpoint };
    this.known.set(path, { declaration, member, parameter });
    return parameter;
  }
}

function stepTo(name: string, index: number | null): Step {
  return { name, index, count: null };
}

/** The number of the group that shares a parameter. */
function groupOf(group: Expression, { environment }: ModuleInstance, evaluator: Evaluator): number {
  const what = "the group that shares it";
  const value = evaluator.number(group, environment, what);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  return evaluator.refuse(what, "a whole number from 0 up", number(value), group.span);
}

function typed({ type, initial }: ParameterInstance): string {
  return `${printType(type)} = ${printInitial(initial)}`;
}

function isAlike(a: ParameterInstance, b: ParameterInstance): boolean {
  return typed(a) === typed(b);
}
