import type {
  Diagnostic,
  Encoder,
  Expression,
  HeadLet,
  InputMember,
  LossUse,
  Metric,
  ModelDeclaration,
  ModelMember,
  Parameter,
  Span,
  TensorType as WrittenType,
} from "../../grammar/index.ts";
import { type Graph, type Node, printType, type TensorType } from "../ir/index.ts";
import { inputsGiven } from "../load/index.ts";
import type { BuiltinArgument } from "./builtins/builtin.ts";
import { Calls, forwardOf, type HeadSlot } from "./calls.ts";
import type { Constants } from "./constants.ts";
import { Evaluator } from "./evaluate.ts";
import type { Files } from "./files.ts";
import { Instantiator, placeChild, rootPlace } from "./instantiate.ts";
import { sizesOf } from "./patterns.ts";
import { namesFrom } from "./surroundings.ts";
import { shortened } from "./text-length.ts";
import { Trace, type Watch } from "./trace.ts";
import {
  describe,
  Environment,
  type ModuleInstance,
  number,
  type OptionalInstance,
  type ParameterInstance,
  type TensorValue,
  unknown,
  type Value,
} from "./values.ts";

/** A part of a model that has a name: an encoder, a head, or a part or parameter of the model itself. */
export type Component =
  | { readonly kind: "encoder" | "part" | "head"; readonly name: string; readonly instance: ModuleInstance }
  | {
      /** Of the model itself, or one that adapters share. */
      readonly kind: "parameter" | "shared";
      readonly name: string;
      readonly parameter: ParameterInstance;
    };

/** The modules of a model, and how to trace them as they are at that moment. */
export class ModelElaborator {
  readonly diagnostics: Diagnostic[] = [];
  readonly declaration: ModelDeclaration;
  readonly calls: Calls;
  readonly instantiator: Instantiator;
  readonly files: Files;
  readonly constants: Constants;
  private readonly batch: number;
  private readonly made: Component[] = [];
  /** What a checkpoint may have besides, of the model itself. */
  readonly optional: OptionalInstance[] = [];
  private readonly heads = new Map<HeadLet, HeadSlot>();
  private readonly environment: Environment;

  private readonly watch: Watch | null;
  private readonly longestText: number | null;

  /**
   * `batch` is the size that encoders' inputs call `batch`; `watch` hears of the values of all that is written below the model. With a
   * `longestText`, encoders read at most so many tokens.
   */
  constructor(
    declaration: ModelDeclaration,
    files: Files,
    batch: number,
    constants: Constants,
    watch: Watch | null = null,
    longestText: number | null = null,
  ) {
    this.watch = watch;
    this.longestText = longestText;
    this.constants = constants;
    this.declaration = declaration;
    this.files = files;
    this.batch = batch;
    this.instantiator = new Instantiator(files, longestText);
    this.calls = new Calls(this.instantiator);
    this.environment = new Environment(files.of(declaration.span.source).environment);
  }

  /** Everything that has a name in selectors, heads after what was declared, and then what adapters share. */
  components(): readonly Component[] {
    const heads = [...this.heads.values()].flatMap(({ name, made }): readonly Component[] =>
      made === null ? [] : [{ kind: "head", name, instance: made }],
    );
    const shared = this.instantiator.shared.parameters.map(
      (parameter): Component => ({ kind: "shared", name: "shared", parameter }),
    );
    return [...this.made, ...heads, ...shared];
  }

  /** Makes the encoders, parts and parameters that the model declares. */
  instantiate(): void {
    const trace = this.newTrace();
    this.attempt(() => this.instantiateMembers(trace));
  }

  private instantiateMembers(trace: Trace): void {
    const evaluator = new Evaluator(trace, this.calls);
    for (const member of this.declaration.members) {
      const done = trace.recover(() => {
        switch (member.kind) {
          case "encoder": {
            const at = { name: member.name.text, index: null, count: null };
            const place = placeChild(rootPlace, member.name.text, member.named, null, at);
            const instance = this.instantiator.encoder(member.module, this.environment, place, evaluator);
            this.made.push({ kind: "encoder", name: member.name.text, instance });
            this.environment.define(member.name.text, { kind: "instance", instance, level: Number.POSITIVE_INFINITY });
            break;
          }
          case "part": {
            const children: ModuleInstance[] = [];
            const value = this.instantiator.parts(member, this.environment, rootPlace, evaluator, children);
            for (const instance of children) this.made.push({ kind: "part", name: member.name.text, instance });
            this.environment.define(member.name.text, value);
            break;
          }
          case "param": {
            if (member.shared) evaluator.trace.fail("shared-outside-adapter", member.span, {});
            const { environment } = this;
            const known = {
              environment,
              before: environment,
              later: () => namesFrom(this.declaration.members, member),
            };
            const parameter = this.instantiator.parameter(member, known, rootPlace, evaluator);
            if (parameter === null) break;
            this.made.push({ kind: "parameter", name: member.name.text, parameter });
            this.environment.define(member.name.text, { kind: "parameter", parameter });
            break;
          }
          case "optional-buffer": {
            this.environment.define(member.name.text, { kind: "optional-buffer", text: member.name.text });
            const { environment } = this;
            this.optional.push(...this.instantiator.optional(member, environment, environment, rootPlace, evaluator));
            break;
          }
          case "head-let":
            this.heads.set(member, this.slotFor(member));
            this.defineConstant(member.name.text);
            break;
          case "input":
          case "metric":
          case "freeze-rule":
          case "parameter-group":
          case "placement":
          case "loss-use":
          case "expect":
          case "addition":
          case "removal":
            break;
        }
      });
      const hasName = member.kind === "encoder" || member.kind === "part" || member.kind === "param";
      if (done === null && hasName) this.environment.define(member.name.text, unknown);
    }
  }

  /** A let that depends on no tensor is known to what is made after it. */
  private defineConstant(name: string): void {
    const value = this.constants.values.get(name);
    if (value !== undefined) this.environment.define(name, value);
  }

  /** What arguments of adapters know: the model's encoders, parts, parameters and constant lets, and what its file does. */
  get names(): Environment {
    return this.environment;
  }

  private slotFor({ name, named }: HeadLet): HeadSlot {
    const steps = [{ name: "heads", index: null, count: null }];
    const at = { name: name.text, index: null, count: null };
    const parent = { ...rootPlace, steps };
    const place = placeChild(parent, `heads.${name.text}`, named, null, at);
    return { name: name.text, place, made: null, uses: 0 };
  }

  /** Runs the encoders, the lets and the losses on a new trace, with the adapters that are there now. */
  trace(): TracedModel {
    const trace = this.newTrace();
    const evaluator = new Evaluator(trace, this.calls);
    const inputs = new Map<string, TensorValue>();
    const losses = new Map<string, Node>();
    const metrics = new Map<string, Node>();
    const outputs = new Map<string, Value>();
    const environment = new Environment(this.environment);
    const traceMember = (member: ModelMember): void => {
      if (member.kind === "input")
        environment.define(member.name.text, this.traceInput(member, inputs, environment, evaluator));
      else if (member.kind === "encoder") this.traceEncoder(member, inputs, environment, evaluator);
      else if (member.kind === "head-let") outputs.set(member.name.text, this.traceLet(member, environment, evaluator));
      else if (member.kind === "metric")
        metrics.set(member.name.text, this.traceMetric(member, environment, evaluator));
      else if (member.kind === "loss-use") this.traceLoss(member, losses, environment, evaluator);
    };
    this.attempt(() => {
      for (const member of this.declaration.members) {
        const done = trace.recover(() => traceMember(member));
        const hasName = member.kind === "input" || member.kind === "encoder" || member.kind === "head-let";
        if (done === null && hasName) environment.define(member.name.text, unknown);
      }
    });
    return {
      graph: trace.graph,
      losses: [...losses.values()],
      lossNames: [...losses.keys()],
      metrics,
      outputs,
      inputs: new Map([...inputs].map(([name, { node }]) => [name, node])),
      adapted: new Map([...trace.adapted].map(([{ path }, { node }]) => [path, node])),
    };
  }

  /** A trace that goes on after a mistake with what does not depend on it. */
  private newTrace(): Trace {
    const report = (mistake: Diagnostic): number => this.diagnostics.push(mistake);
    return new Trace(this.declaration.name.text, report, this.watch, this.calls);
  }

  /** A trace that its first mistake ends. */
  strictTrace(): Trace {
    return new Trace(this.declaration.name.text, null, this.watch, this.calls);
  }

  /** An input that the model declares: encoders after it take it by its name, as lets and losses do. */
  private traceInput(
    { name, type, span }: InputMember,
    inputs: Map<string, TensorValue>,
    environment: Environment,
    evaluator: Evaluator,
  ): TensorValue {
    const sizes = this.inputSizes(type, new Environment(environment), evaluator);
    const known = inputs.get(name.text);
    if (known !== undefined) evaluator.trace.fail("late-input", name.span, { name: name.text });
    const input = evaluator.trace.input(name.text, shortened(sizes, this.batch, this.longestText), span);
    inputs.set(name.text, input);
    return input;
  }

  /** The type of an input, in which `batch` is the size of a batch. */
  private inputSizes(type: WrittenType, environment: Environment, evaluator: Evaluator): TensorType {
    for (const dim of type.dims) {
      if (dim.kind !== "name" || environment.lookup(dim.text)?.kind === "number") continue;
      if (dim.text !== "batch") evaluator.trace.fail("unknown-size", dim.span, { name: dim.text });
      environment.define("batch", number(this.batch));
    }
    return sizesOf(type, environment, evaluator);
  }

  private traceEncoder(
    { name, module, span }: Encoder,
    inputs: Map<string, TensorValue>,
    environment: Environment,
    evaluator: Evaluator,
  ): void {
    const value = this.environment.lookup(name.text);
    if (value?.kind !== "instance") return;
    const { declaration } = value.instance;
    const { parameters } = forwardOf(declaration);
    const isInput = declaration.kind === "module" ? inputsGiven(declaration) : () => false;
    const given = new Map(module.arguments.filter(isInput).map((argument) => [argument.name?.text, argument]));
    const passed = parameters.flatMap((parameter): readonly BuiltinArgument[] => {
      const argument = given.get(parameter.name.text);
      if (argument !== undefined) {
        const computed = evaluator.evaluate(argument.value, environment);
        return [{ name: parameter.name.text, value: computed, span: argument.span }];
      }
      const input = this.inputOf(parameter, value.instance, inputs, span, evaluator);
      return input === null ? [] : [{ name: parameter.name.text, value: input, span: parameter.span }];
    });
    this.calls.call(value, passed, span, evaluator.trace);
  }

  /** What is fed to an encoder; null for a parameter that has a default and no type. */
  private inputOf(
    { name, type, default: fallback, span }: Parameter,
    instance: ModuleInstance,
    inputs: Map<string, TensorValue>,
    encoder: Span,
    evaluator: Evaluator,
  ): TensorValue | null {
    const { trace } = evaluator;
    if (type?.kind !== "tensor-type") {
      if (fallback !== null) return null;
      return evaluator.refuse(`the input \`${name.text}\` of an encoder`, "declared as a tensor", number(0), span);
    }
    const sizes = this.inputSizes(type, new Environment(instance.environment), evaluator);
    const known = inputs.get(name.text);
    if (known !== undefined && !sameType(known.node.type, sizes)) {
      const types = { first: printType(known.node.type), second: printType(sizes) };
      trace.fail("unequal-inputs", encoder, { name: name.text, ...types });
    }
    const input = known ?? trace.input(name.text, sizes, span);
    inputs.set(name.text, input);
    return input;
  }

  private traceLet(member: HeadLet, environment: Environment, evaluator: Evaluator): Value {
    const slot = this.heads.get(member) ?? null;
    if (slot !== null) slot.uses = 0;
    this.calls.head = slot;
    try {
      const value = evaluator.evaluate(member.value, environment);
      environment.define(member.name.text, value);
      return value;
    } finally {
      this.calls.head = null;
    }
  }

  /** A loss is called after the declared loss that it uses, and numbered where another one is called so. */
  private traceLoss(
    { value, span }: LossUse,
    losses: Map<string, Node>,
    environment: Environment,
    evaluator: Evaluator,
  ): void {
    // Lets and metrics may have called others.
    this.calls.takeFirstLoss();
    const node = this.traceNumber(value, span, "a loss", environment, evaluator);
    const own = this.calls.takeFirstLoss() ?? "loss";
    let name = own;
    for (let count = 2; losses.has(name); count++) name = `${own}_${count}`;
    losses.set(name, node);
  }

  private traceMetric({ name, value, span }: Metric, environment: Environment, evaluator: Evaluator): Node {
    if (loggedNames.has(name.text)) evaluator.trace.fail("metric-name", name.span, { name: name.text });
    return this.traceNumber(value, span, "a metric", environment, evaluator);
  }

  private traceNumber(
    value: Expression,
    span: Span,
    what: string,
    environment: Environment,
    evaluator: Evaluator,
  ): Node {
    const given = evaluator.evaluate(value, environment);
    const { node } = evaluator.trace.toTensor(given, "f32", span, what);
    if (node.type.shape.length > 0) evaluator.trace.fail("not-a-number", value.span, { what, found: describe(given) });
    return node;
  }

  /** Runs what may fail, which is then among the diagnostics. */
  attempt(run: () => void): void {
    Trace.attempt(run, (diagnostic) => this.diagnostics.push(diagnostic));
  }
}

/** What a training logs of each step besides metrics. */
const loggedNames: ReadonlySet<string> = new Set(["step", "epoch", "gradient_norm", "learning_rate", "seconds"]);

/** What one trace of a model gives. */
export interface TracedModel {
  readonly graph: Graph;
  /** The losses of the model; their sum is what is trained on. */
  readonly losses: readonly Node[];
  /** What each of them is called where there are several. */
  readonly lossNames: readonly string[];
  /** Numbers that are logged beside the loss. */
  readonly metrics: ReadonlyMap<string, Node>;
  /** The model's lets by name. */
  readonly outputs: ReadonlyMap<string, Value>;
  /** What is fed to it, by name: declared, or a parameter of an encoder. */
  readonly inputs: ReadonlyMap<string, Node>;
  /** What stands for parameters that have adapters, by the paths of these. */
  readonly adapted: ReadonlyMap<string, Node>;
}

function sameType(a: TensorType, b: TensorType): boolean {
  return printType(a) === printType(b);
}
