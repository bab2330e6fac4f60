import {
  type Diagnostic,
  type DiagnosticKey,
  type DiagnosticParams,
  type Expression,
  type Extra,
  report,
  type Span,
} from "../../grammar/index.ts";
import { type Dtype, Graph, type Node, nodeLimit, type Operation, printType, type TensorType } from "../ir/index.ts";
import { Failure } from "./failure.ts";
import { numberRanges } from "./number-ranges.ts";
import { describe, number, type ParameterInstance, type TensorValue, tensor, type Value } from "./values.ts";

/** Modules and functions within each other; more is a module that contains itself. */
const depthLimit = 120;

/** Calls and statements of one trace. */
const stepLimit = 5_000_000;

/** What stands for more than can be elaborated. */
const limits: ReadonlySet<DiagnosticKey> = new Set(["too-deep", "too-large"]);

/** Mistakes that one trace reports; one more ends it. */
const mistakeLimit = 20;

interface Frame {
  /** Where in the module tree this is; empty outside of it. */
  readonly path: string;
  /** The name of what is run. */
  readonly name: string;
}

/** A first value while it is computed. */
export interface FirstValue {
  /** The path of the parameter that it is of. */
  readonly path: string;
  /** The tensors that were drawn for it so far: each gets numbers of its own. */
  draws: number;
}

/** A placement of an adapter while its arguments are found. */
export interface PlacedOne {
  /** What the placements of the adapter are on, in the order of the model. */
  readonly bases: readonly Value[];
  /** The number of this one among them. */
  readonly number: number;
}

/** Hears of every value that an expression gives. */
export type Watch = (expression: Expression, value: Value) => void;

/** Computes what adapters make of a parameter. */
export interface Adapting {
  readonly adapted: (parameter: ParameterInstance, trace: Trace) => TensorValue;
}

/** One trace: the graph that grows, and where in the model it is. */
export class Trace {
  readonly graph = new Graph();
  private readonly model: string;
  private readonly frames: Frame[] = [];
  /** For each frame, the innermost path that is not empty. */
  private readonly paths: string[] = [];
  /** Which whole numbers a value has, as far as it is known. */
  readonly rangeOf = numberRanges();
  private steps = 0;
  /** The first value that is computed, if one is. */
  private firstValue: FirstValue | null = null;
  /** The placement whose arguments are found, if one is; what is on what is looked up when it is asked for. */
  private placement: (() => PlacedOne) | null = null;
  private readonly parameterNodes = new Map<ParameterInstance, Node>();
  /** What stands for parameters that have adapters, of those that were read. */
  readonly adapted = new Map<ParameterInstance, TensorValue>();
  private readonly report: ((mistake: Diagnostic) => void) | null;
  readonly watch: Watch | null;
  private readonly adapting: Adapting | null;
  /** Where the mistakes that were reported are: a module that is used often makes its own each time. */
  private readonly mistaken = new Set<string>();

  /**
   * `model` is the name of the model, for messages. With `report`, which hears of mistakes, what does not depend on a mistake
   * is still elaborated; without it the first one ends the trace. Without `adapting` parameters are read as they are.
   */
  constructor(
    model: string,
    report: ((mistake: Diagnostic) => void) | null = null,
    watch: Watch | null = null,
    adapting: Adapting | null = null,
  ) {
    this.model = model;
    this.report = report;
    this.watch = watch;
    this.adapting = adapting;
  }

  /** Runs what may fail. Null after a mistake, which is reported; without `report` it is passed on. */
  recover<Result>(run: () => Result): { readonly result: Result } | null {
    try {
      return { result: run() };
    } catch (error) {
      if (this.report === null || !(error instanceof Failure) || error.isFinal) throw error;
      if (error.diagnostic !== null) this.reportOnce(error.diagnostic, this.report);
      return null;
    }
  }

  private reportOnce(mistake: Diagnostic, reportTo: (mistake: Diagnostic) => void): void {
    const { key, span } = mistake;
    const place = `${key} ${span?.source.name ?? ""} ${span?.start ?? 0} ${span?.end ?? 0}`;
    if (this.mistaken.has(place)) return;
    this.mistaken.add(place);
    if (this.mistaken.size > mistakeLimit) {
      throw new Failure(report("too-many-errors", span ?? this.model, { limit: mistakeLimit }), true);
    }
    reportTo(mistake);
  }

  /** Counts a call or a statement, so that a spec that never ends is refused. */
  step(span: Span): void {
    if (++this.steps > stepLimit) this.fail("too-large", span, { what: "steps", limit: stepLimit });
  }

  /** Runs something inside a frame, which errors in it then name. */
  within<Result>(frame: Frame, span: Span, run: () => Result): Result {
    this.step(span);
    if (this.frames.length >= depthLimit) this.fail("too-deep", span, { limit: depthLimit });
    this.frames.push(frame);
    this.paths.push(frame.path === "" ? this.path : frame.path);
    try {
      return run();
    } finally {
      this.frames.pop();
      this.paths.pop();
    }
  }

  /** Runs what computes the first value of a parameter. */
  withinFirstValue<Result>(of: FirstValue, run: () => Result): Result {
    this.firstValue = of;
    try {
      return run();
    } finally {
      this.firstValue = null;
    }
  }

  get firstValueOf(): FirstValue | null {
    return this.firstValue;
  }

  /** Runs what finds the arguments of a placement. */
  withinPlacement<Result>(of: () => PlacedOne, run: () => Result): Result {
    this.placement = of;
    try {
      return run();
    } finally {
      this.placement = null;
    }
  }

  get placementOf(): (() => PlacedOne) | null {
    return this.placement;
  }

  /** Where in the module tree the trace is. */
  get path(): string {
    // Outside of every frame is outside of the tree.
    return this.paths.at(-1) ?? "";
  }

  /** Leaves the trace with a diagnostic that tells how it came here. */
  fail<Key extends DiagnosticKey>(key: Key, where: Span, params: DiagnosticParams<Key>, extra: Extra = {}): never {
    const notes = this.frames.length === 0 ? extra.notes : [...(extra.notes ?? []), `in ${this.chain()}`];
    throw new Failure(report(key, where, params, { ...extra, ...(notes && { notes }) }), limits.has(key));
  }

  /** Leaves what a mistake that was reported leaves unknown. */
  giveUp(): never {
    throw new Failure(null);
  }

  /** How the trace came here: `medct.vision > ctvit > ctvit_transformer`; of a long way, its ends. */
  private chain(): string {
    const root = this.frames.find(({ path }) => path !== "")?.path.split(".")[0];
    const names = [...(root === undefined ? [] : [`${this.model}.${root}`]), ...this.frames.map(({ name }) => name)];
    const shown = names.length > 9 ? [...names.slice(0, 4), "...", ...names.slice(-4)] : names;
    return shown.join(" > ");
  }

  /** Appends a node, or refuses its operands; `name` is what the source calls the operation. */
  add(operation: Operation, inputs: readonly Node[], span: Span, name: string): Node {
    if (this.graph.nodes.length >= nodeLimit) this.fail("too-large", span, { what: "operations", limit: nodeLimit });
    const node = this.graph.add(operation, inputs, { path: this.path, span });
    return typeof node === "string" ? this.fail("bad-operands", span, { operation: name, detail: node }) : node;
  }

  constant(value: number, dtype: Dtype, span: Span): Node {
    return this.add({ op: "constant", value, type: { dtype, shape: [] } }, [], span, String(value));
  }

  input(name: string, type: TensorType, span: Span): TensorValue {
    return tensor(this.add({ op: "input", name, type }, [], span, name));
  }

  /** A parameter with its adapters, which all who read it share; first values are computed of parameters as they are. */
  parameter(parameter: ParameterInstance): TensorValue {
    if (parameter.adapters.length === 0 || this.adapting === null || this.firstValue !== null)
      return this.bareParameter(parameter);
    const known = this.adapted.get(parameter) ?? this.adapting.adapted(parameter, this);
    this.adapted.set(parameter, known);
    return known;
  }

  /** A parameter as it is stored. */
  bareParameter(parameter: ParameterInstance): TensorValue {
    let node = this.parameterNodes.get(parameter);
    if (node === undefined) {
      const { path, type, span } = parameter;
      node = this.add({ op: "parameter", path, type }, [], span, path);
      this.parameterNodes.set(parameter, node);
    }
    return tensor(node);
  }

  /** A number that is finite, or a refusal. */
  finite(value: number, span: Span, detail: string): Value {
    return Number.isFinite(value) ? number(value) : this.fail("bad-arithmetic", span, { detail });
  }

  /** A value as a tensor; a number becomes a constant of the type given. */
  toTensor(value: Value, dtype: Dtype, span: Span, what: string): TensorValue {
    switch (value.kind) {
      case "tensor":
        if (this.graph.nodes[value.node.id] !== value.node)
          this.fail(this.firstValue === null ? "tensor-outside-forward" : "first-value-of-batch", span, {});
        return value;
      case "parameter":
        return this.parameter(value.parameter);
      case "number":
        return tensor(this.constant(this.asElement(value.value, dtype, span), dtype, span));
      case "instance": {
        const output = value.instance.values.get("return");
        if (output !== undefined) return this.toTensor(output, dtype, span, what);
        break;
      }
      case "string":
      case "boolean":
      case "none":
      case "infer":
      case "list":
      case "dtype":
      case "initial":
      case "callable":
      case "builtin":
      case "arrow":
      case "imported":
      case "optional-buffer":
      case "axis-name":
        break;
      case "unknown":
        return this.giveUp();
    }
    return this.fail("wrong-type", span, { what, expected: "a tensor", found: describe(value) });
  }

  private asElement(value: number, dtype: Dtype, span: Span): number {
    if (dtype === "i32" && !Number.isInteger(value)) {
      this.fail("bad-arithmetic", span, { detail: `${value} is not a whole number, and goes with i32; use cast` });
    }
    return value;
  }

  /** Two values as tensors of one element type: a number takes that of the other. */
  alike(a: Value, b: Value, span: Span, name: string): readonly [TensorValue, TensorValue] {
    const what = `an operand of \`${name}\``;
    const isNumber = (value: Value): boolean => value.kind === "number";
    const first = isNumber(a) ? null : this.toTensor(a, "f32", span, what);
    const second = isNumber(b) ? null : this.toTensor(b, "f32", span, what);
    const dtype = (first ?? second)?.node.type.dtype ?? "f32";
    return [first ?? this.toTensor(a, dtype, span, what), second ?? this.toTensor(b, dtype, span, what)];
  }

  /** An operation on two values of which at least one is a tensor. */
  arithmetic(operation: Operation, name: string, a: Value, b: Value, span: Span): TensorValue {
    const [left, right] = this.alike(a, b, span, name);
    const { dtype } = left.node.type;
    if (operation.op === "div" && dtype === "i32") {
      this.fail("bad-operands", span, {
        operation: name,
        detail: `${printType(left.node.type)} is of whole numbers; use cast`,
      });
    }
    const made = tensor(this.add(operation, [left.node, right.node], span, name));
    const labels = [left, right].find((side) => sameShape(side.node.type, made.node.type) && side.labels.length > 0);
    return { ...made, labels: labels?.labels ?? [] };
  }

  /** Runs what may fail; its diagnostic goes to `refuse`, and the result is null. */
  static attempt<Result>(run: () => Result, refuse: (diagnostic: Diagnostic) => void): Result | null {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.diagnostic !== null) refuse(error.diagnostic);
      return null;
    }
  }
}

function sameShape(a: TensorType, b: TensorType): boolean {
  return a.shape.length === b.shape.length && a.shape.every((size, axis) => size === b.shape[axis]);
}
