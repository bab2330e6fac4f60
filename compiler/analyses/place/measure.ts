import { type Argument, createSource, type Diagnostic, type Span } from "../../../grammar/index.ts";
import {
  type BuiltinArgument,
  describe,
  Environment,
  Evaluator,
  type ModuleInstance,
  number,
  type ParameterInstance,
  Trace,
  type Value,
} from "../../elaborate/index.ts";
import { elementCount } from "../../ir/index.ts";
import { elementsOf, wrappedBy } from "../../select/index.ts";
import { type BareModel, decide } from "./bare-model.ts";
import type { Kind } from "./kinds.ts";

/** Parameters of an adapter: those that are trained, and all. */
export interface AdapterCount {
  readonly trainable: number;
  readonly all: number;
}

/** The parameters of one adapter by their paths below it. */
type Measured = ReadonlyMap<string, number>;

/**
 * Counts the parameters of adapters of one kind by making them on modules of a model, at each rank. Adapters on modules
 * of the same declaration with the same arguments are the same, so one of them is made.
 */
export class AdapterMeasure {
  /** Why the first adapter that could not be made could not. */
  firstRefusal: Diagnostic | null = null;
  private readonly model: BareModel;
  private readonly kind: Kind;
  private readonly given: readonly Argument[];
  private readonly span: Span;
  private readonly counts = new Map<ModuleInstance, Map<number | null, AdapterCount | null>>();
  private readonly measured = new Map<ModuleInstance["declaration"], Map<string, Measured | null>>();
  /** Whether the rules train each parameter of the adapter on a module. */
  private readonly judged = new Map<ModuleInstance, Map<string, boolean>>();

  constructor(model: BareModel, kind: Kind, given: readonly Argument[], ranks: readonly number[]) {
    this.model = model;
    this.kind = kind;
    this.given = given;
    const text = `${kind.declaration.name.text}()`;
    this.span = { source: createSource("the adapter that is tried", text), start: 0, end: text.length };
    this.judgeAll(ranks);
  }

  /** True when some adapter of this kind can sit on a module. */
  mayAdapt(module: ModuleInstance): boolean {
    return this.judged.has(module);
  }

  /** What an adapter on a module has at a rank; null when it cannot be made, as where the rank is too large for it. */
  count(module: ModuleInstance, rank: number | null): AdapterCount | null {
    const known = this.counts.get(module) ?? new Map<number | null, AdapterCount | null>();
    this.counts.set(module, known);
    const counted = known.get(rank);
    if (counted !== undefined) return counted;
    const made = this.countNew(module, rank);
    known.set(rank, made);
    return made;
  }

  /** True when the spec's rules freeze parameters of these adapters by their names. */
  get isPartlyFrozen(): boolean {
    return [...this.judged.values()].some((judged) => [...judged.values()].includes(false));
  }

  private countNew(module: ModuleInstance, rank: number | null): AdapterCount | null {
    const measured = this.measure(module, rank);
    if (measured === null) return null;
    const judged = this.judgedFor(module, rank, measured);
    let trainable = 0;
    let all = 0;
    for (const [path, elements] of measured) {
      all += elements;
      if (judged.get(path) !== false) trainable += elements;
    }
    return { trainable, all };
  }

  /** The adapter as a placement writes it: `lora(rank = 24, alpha = 48)`. */
  write(rank: number | null): string {
    const args = this.argumentsAt(rank).map(({ name, value }) => `${name} = ${describe(value)}`);
    return `${this.kind.declaration.name.text}(${args.join(", ")})`;
  }

  private measure(module: ModuleInstance, rank: number | null): Measured | null {
    const ofDeclaration = this.measured.get(module.declaration) ?? new Map<string, Measured | null>();
    this.measured.set(module.declaration, ofDeclaration);
    const key = `${rank} ${signatureOf(module)}`;
    const known = ofDeclaration.get(key);
    if (known !== undefined) return known;
    const instance = this.make(module, rank);
    const measured =
      instance === null
        ? null
        : new Map(
            parametersOf(instance)
              .filter(({ storage }) => storage === "param")
              .map((parameter) => [below(instance, parameter), elementCount(parameter.type)]),
          );
    ofDeclaration.set(key, measured);
    return measured;
  }

  private make(module: ModuleInstance, rank: number | null): ModuleInstance | null {
    const { elaborator } = this.model;
    return Trace.attempt(
      () => {
        const evaluator = this.evaluator();
        const { declaration } = this.kind;
        return elaborator.instantiator.adapter(declaration, this.argumentsAt(rank), this.span, module, evaluator);
      },
      (diagnostic) => {
        this.firstRefusal ??= diagnostic;
      },
    );
  }

  private evaluator(): Evaluator {
    const { elaborator } = this.model;
    return new Evaluator(new Trace(elaborator.declaration.name.text), elaborator.calls);
  }

  /** The size, and the further arguments, in which its name is that number. */
  private argumentsAt(rank: number | null): readonly (BuiltinArgument & { readonly name: string })[] {
    const { elaborator } = this.model;
    const { sizeName } = this.kind;
    const environment = new Environment(elaborator.files.of(elaborator.declaration.span.source).environment);
    const size = rank === null || sizeName === null ? [] : [{ name: sizeName, value: number(rank), span: this.span }];
    if (rank !== null && sizeName !== null) environment.define(sizeName, number(rank));
    const evaluator = this.evaluator();
    const others = this.given.map(({ name, value, span }) => {
      if (name === null) throw new Error("a kind is given arguments by name");
      return { name: name.text, value: evaluator.evaluate(value, environment), span };
    });
    return [...size, ...others];
  }

  /** Tries an adapter on every module with a role that takes one. */
  private judgeAll(ranks: readonly number[]): void {
    const placed = new Map<ModuleInstance, ModuleInstance>();
    const { declaration, sizeName } = this.kind;
    const tried = sizeName === null ? [null] : ranks;
    for (const { instance, ofAdapter } of this.model.elements) {
      if (instance === null || instance.role === null || ofAdapter) continue;
      if (!wrappedBy(declaration, instance, this.model.elaborator)) continue;
      const rank = tried.find((each) => this.measure(instance, each) !== null);
      const made = rank === undefined ? null : this.make(instance, rank);
      if (made !== null) placed.set(instance, made);
    }
    this.judge(placed);
  }

  /** What the rules say of an adapter, also where it has other parameters at this rank than at those before. */
  private judgedFor(module: ModuleInstance, rank: number | null, measured: Measured): ReadonlyMap<string, boolean> {
    const judged = this.judged.get(module) ?? new Map<string, boolean>();
    const made = [...measured.keys()].every((path) => judged.has(path)) ? null : this.make(module, rank);
    if (made !== null) this.judge(new Map([[module, made]]));
    return judged;
  }

  /** Puts adapters on modules, asks the rules what of them is trained, and takes them off again. */
  private judge(placed: ReadonlyMap<ModuleInstance, ModuleInstance>): void {
    const { rules, elaborator } = this.model;
    const { declaration } = this.kind;
    for (const [module, instance] of placed) module.adapters.push({ declaration, instance });
    const { decisions } = decide(elementsOf(elaborator.components()), rules);
    for (const [module, instance] of placed) {
      module.adapters.pop();
      const judged = this.judged.get(module) ?? new Map<string, boolean>();
      this.judged.set(module, judged);
      for (const parameter of parametersOf(instance)) {
        judged.set(below(instance, parameter), decisions.get(parameter)?.trainable ?? false);
      }
    }
  }
}

function parametersOf(instance: ModuleInstance): readonly ParameterInstance[] {
  return [...instance.parameters, ...instance.children.flatMap(parametersOf)];
}

function below(instance: ModuleInstance, { path }: ParameterInstance): string {
  return path.slice(instance.path.length + 1);
}

/** The arguments of a module; its path where one is no plain value. */
function signatureOf({ declaration, environment, path }: ModuleInstance): string {
  const values = declaration.parameters.map(({ name }) => environment.lookup(name.text));
  return values.every(isPlain) ? JSON.stringify(values) : path;
}

function isPlain(value: Value | undefined): boolean {
  switch (value?.kind) {
    case undefined:
    case "number":
    case "string":
    case "boolean":
    case "none":
      return true;
    case "list":
      return value.elements.every(isPlain);
    default:
      return false;
  }
}
