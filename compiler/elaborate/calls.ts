import type {
  AdapterDeclaration,
  Call,
  ForwardMember,
  FunctionDeclaration,
  LossDeclaration,
  ModuleDeclaration,
  Span,
} from "../../grammar/index.ts";
import { printType } from "../ir/index.ts";
import { bindArguments } from "./arguments.ts";
import type { BuiltinArgument } from "./builtins/builtin.ts";
import { applyBuiltin, type Caller, Evaluator } from "./evaluate.ts";
import type { Instantiator, Place } from "./instantiate.ts";
import { type Recorder, runBody } from "./statements.ts";
import type { Adapting, Trace } from "./trace.ts";
import {
  type AdapterInstance,
  type ArrowValue,
  describe,
  Environment,
  type InstanceValue,
  type ModuleInstance,
  number,
  type ParameterInstance,
  type TensorValue,
  tensor,
  unknown,
  type Value,
} from "./values.ts";

type CallableValue = Value & { readonly kind: "callable" };

/** The module that a model's `let` makes in its pipe: made in the first trace, and found again in those after it. */
export interface HeadSlot {
  readonly name: string;
  readonly place: Place;
  made: ModuleInstance | null;
  /** Modules that the current trace of the `let` has made or found. */
  uses: number;
}

/** Calls functions, losses and modules: their bodies run on the trace. */
export class Calls implements Caller, Adapting {
  /** The head that is being traced, if any. */
  head: HeadSlot | null = null;
  /** The adapters that are placed, in their order; null before they are. */
  placed: readonly AdapterInstance[] | null = null;
  private firstLoss: string | null = null;
  private readonly instantiator: Instantiator;

  constructor(instantiator: Instantiator) {
    this.instantiator = instantiator;
  }

  /** The first declared loss that was called since this was last asked; null for none. */
  takeFirstLoss(): string | null {
    const first = this.firstLoss;
    this.firstLoss = null;
    return first;
  }

  call(callee: Value, passed: readonly BuiltinArgument[], span: Span, trace: Trace): Value {
    switch (callee.kind) {
      case "builtin":
        return applyBuiltin(callee, passed, span, trace);
      case "instance":
        return this.callInstance(callee, passed, span, trace);
      case "callable":
        return this.callDeclared(callee, passed, span, trace);
      case "arrow":
        return this.callArrow(callee, passed, span, trace);
      case "number":
      case "string":
      case "boolean":
      case "none":
      case "infer":
      case "list":
      case "dtype":
      case "tensor":
      case "initial":
      case "parameter":
      case "imported":
      case "optional-buffer":
      case "axis-name":
        return trace.fail("not-callable", span, { found: describe(callee) });
      case "unknown":
        return trace.giveUp();
    }
  }

  private callArrow({ arrow, home }: ArrowValue, passed: readonly BuiltinArgument[], span: Span, trace: Trace): Value {
    const { parameter, body } = arrow;
    const name = `${parameter.text} => ...`;
    const evaluator = new Evaluator(trace, this);
    return trace.within({ path: "", name }, span, () => {
      const environment = new Environment(home);
      const parameters = [{ name: parameter, type: null, default: null, span: parameter.span }];
      bindArguments({ name, parameters }, passed, span, environment, evaluator);
      return evaluator.evaluate(body, environment);
    });
  }

  private callDeclared(callee: CallableValue, passed: readonly BuiltinArgument[], span: Span, trace: Trace): Value {
    const { callable, home } = callee;
    switch (callable.kind) {
      case "loss":
        this.firstLoss ??= callable.name.text;
        return this.callFunction(callable, home, passed, span, trace, () => undefined);
      case "function":
        return this.callFunction(callable, home, passed, span, trace, () => undefined);
      case "module":
        return trace.fail("inline-module", span, { name: callable.name.text });
      case "adapter":
        return trace.fail("not-callable", span, { found: describe(callee) });
    }
  }

  /** A function or a loss, with its `let`s going to `record`. */
  private callFunction(
    { name, parameters, body }: FunctionDeclaration | LossDeclaration,
    home: Environment,
    passed: readonly BuiltinArgument[],
    span: Span,
    trace: Trace,
    record: Recorder,
  ): Value {
    const evaluator = new Evaluator(trace, this);
    return trace.within({ path: "", name: name.text }, span, () => {
      const environment = new Environment(home);
      bindArguments({ name: name.text, parameters }, passed, span, environment, evaluator);
      return runBody(body, environment, evaluator, record);
    });
  }

  private callInstance(
    { instance, level }: InstanceValue,
    passed: readonly BuiltinArgument[],
    span: Span,
    trace: Trace,
  ): Value {
    const around = Math.min(level, instance.adapters.length);
    const adapter = instance.adapters[around - 1];
    if (adapter !== undefined) return this.callAdapter(adapter, instance, around - 1, passed, span, trace);
    return this.forward(instance, instance.environment, passed, span, trace);
  }

  private callAdapter(
    { declaration, instance }: AdapterInstance,
    base: ModuleInstance,
    level: number,
    passed: readonly BuiltinArgument[],
    span: Span,
    trace: Trace,
  ): Value {
    const environment = new Environment(instance.environment);
    environment.define(declaration.base.text, { kind: "instance", instance: base, level });
    return this.forward(instance, environment, passed, span, trace);
  }

  /** A parameter with the adapters around it: each gets what the one inside it gives, and gives a value of the same type. */
  adapted(parameter: ParameterInstance, trace: Trace): TensorValue {
    let value = trace.bareParameter(parameter);
    for (const { declaration, instance } of parameter.adapters) {
      const environment = new Environment(instance.environment);
      environment.define(declaration.base.text, value);
      const { span } = forwardOf(declaration);
      const made = this.forward(instance, environment, [], instance.span, trace);
      const { node } = trace.toTensor(made, parameter.type.dtype, span, `what \`${declaration.name.text}\` returns`);
      const [found, expected] = [printType(node.type), printType(parameter.type)];
      if (found !== expected)
        trace.fail("reshaped-parameter", span, {
          adapter: declaration.name.text,
          path: parameter.path,
          found,
          expected,
        });
      value = tensor(node);
    }
    return value;
  }

  private forward(
    instance: ModuleInstance,
    outer: Environment,
    passed: readonly BuiltinArgument[],
    span: Span,
    trace: Trace,
  ): Value {
    const { declaration, path, members, values } = instance;
    const evaluator = new Evaluator(trace, this);
    return trace.within({ path, name: declaration.name.text }, span, () => {
      const inside = new Environment(outer);
      for (const [name, value] of members) inside.define(name, value);
      const environment = new Environment(inside);
      const { parameters, body } = forwardOf(declaration);
      let result = unknown;
      try {
        bindArguments({ name: path, parameters }, passed, span, environment, evaluator);
        result = runBody(body, environment, evaluator, (name, value) => values.set(name, value));
      } finally {
        values.set("return", result);
      }
      return result;
    });
  }

  callInline(
    callee: CallableValue,
    value: Value,
    call: Call | null,
    span: Span,
    environment: Environment,
    trace: Trace,
  ): Value {
    const { callable } = callee;
    if (callable.kind !== "module" || this.head === null) {
      return trace.fail("inline-module", span, { name: callable.name.text });
    }
    const { head } = this;
    if (++head.uses > 1) trace.fail("two-heads", span, { name: head.name });
    if (head.made === null) {
      const evaluator = new Evaluator(trace, this);
      const passed = evaluator.passed(callee, call?.arguments ?? [], environment);
      const inferred = inferSizes(callable, value, trace, span);
      head.made = this.instantiator.module(callable, passed, call?.span ?? span, head.place, evaluator, inferred);
    }
    const target: InstanceValue = { kind: "instance", instance: head.made, level: Number.POSITIVE_INFINITY };
    return this.callInstance(target, [{ name: null, value, span }], span, trace);
  }
}

/** The `forward` of a module; a module without one is refused when it is parsed. */
export function forwardOf({ members, name }: ModuleDeclaration | AdapterDeclaration): ForwardMember {
  const forward = members.find((member) => member.kind === "forward");
  if (forward === undefined) throw new Error(`the module ${name.text} was parsed with its forward`);
  return forward;
}

/** The sizes of a tensor by the names that the first parameter of a module's `forward` gives them. */
function inferSizes(
  declaration: ModuleDeclaration,
  value: Value,
  trace: Trace,
  span: Span,
): ReadonlyMap<string, Value> {
  const sizes = new Map<string, Value>();
  const type = forwardOf(declaration).parameters[0]?.type;
  if (type?.kind !== "tensor-type") return sizes;
  const { shape } = trace.toTensor(value, type.dtype, span, "the input of a module").node.type;
  const rest = type.dims.findIndex(({ kind }) => kind === "rest");
  for (const [index, dim] of type.dims.entries()) {
    const axis = rest >= 0 && index > rest ? index - type.dims.length + shape.length : index;
    const size = shape[axis];
    if (dim.kind === "name" && size !== undefined) sizes.set(dim.text, number(size));
  }
  return sizes;
}
