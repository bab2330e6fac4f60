import { type Diagnostic, report } from "../../grammar/index.ts";
import { at } from "../at.ts";
import { type Adaptable, isModule, type ModuleInstance, type ParameterInstance } from "../elaborate/index.ts";
import { elementCount, type Node, nodesUnder, reachedByGradients } from "../ir/index.ts";
import { printCount } from "../units.ts";
import { type Element, parametersUnder } from "./elements.ts";
import type { Decision } from "./freeze.ts";
import type { PlacedAdapters } from "./placements.ts";

/** A model after its last trace. */
export interface TracedModules {
  readonly losses: readonly Node[];
  readonly elements: readonly Element[];
  readonly decisions: ReadonlyMap<ParameterInstance, Decision>;
  readonly placed: readonly PlacedAdapters[];
}

/** Parts of a message that are listed one by one. */
const shown = 5;

/**
 * What is counted as trained and is not, because no gradient of a loss leads to it: adapters, and other trainable parameters. A
 * model without a loss is not trained. These are warnings: an adapter that was trained elsewhere may be on such a part.
 */
export function checkGradients(model: TracedModules): readonly Diagnostic[] {
  return model.losses.length === 0 ? [] : new GradientCheck(model).run();
}

class GradientCheck {
  private readonly model: TracedModules;
  /** Parameters to which gradients lead. */
  private readonly reached: ReadonlySet<string>;
  private known: ReadonlySet<string> | null = null;
  /** Trainable parameters that no gradient reaches, and those among them that are reported already. */
  private readonly dead = new Set<ParameterInstance>();
  private readonly told = new Set<ParameterInstance>();

  constructor(model: TracedModules) {
    this.model = model;
    this.reached = parametersAmong(reachedByGradients(model.losses));
  }

  /** Parameters that a loss depends on in any way, which only what is wrong is told by. */
  private get used(): ReadonlySet<string> {
    this.known ??= parametersAmong(nodesUnder(this.model.losses));
    return this.known;
  }

  run(): readonly Diagnostic[] {
    const dead = [...this.model.decisions.keys()].filter(
      (parameter) => this.isTrained(parameter) && !this.reached.has(parameter.path),
    );
    for (const parameter of dead) this.dead.add(parameter);
    if (dead.length === 0) return [];
    return [...this.model.placed.flatMap((placement) => this.checkPlacement(placement)), ...this.checkComponents()];
  }

  /** Reports, for each selector of a placement, its adapters of which nothing is trained. */
  private checkPlacement({ selections, adapters }: PlacedAdapters): readonly Diagnostic[] {
    const byBase = new Map(adapters.map(({ base, adapter }) => [base, adapter.instance]));
    return selections.flatMap(({ pattern, elements }) => {
      const named = new Set(elements.flatMap(({ instance, parameter }) => instance ?? parameter ?? []));
      const bases = [...named].filter((base) => byBase.has(base));
      const dead = bases.flatMap((base): readonly Dead[] => {
        const adapter = byBase.get(base);
        const trained = adapter === undefined ? [] : this.trainedUnder({ instance: adapter, parameter: null });
        const isNew = trained.some((parameter) => !this.told.has(parameter));
        return isNew && this.areDead(trained)
          ? [{ module: base, parameters: trained, why: this.whyAdapter(base, trained) }]
          : [];
      });
      for (const { parameters } of dead) for (const parameter of parameters) this.told.add(parameter);
      if (dead.length === 0) return [];
      const params = { adapters: printShare(dead.length, bases.length, "adapter"), selector: pattern.text };
      return [report("adapter-without-gradient", pattern.span, params, { notes: notesOf(dead) })];
    });
  }

  /** Reports the rest, once for each component. */
  private checkComponents(): readonly Diagnostic[] {
    const components = new Map<string, Element[]>();
    for (const element of this.model.elements) {
      const [first, second] = element.steps;
      const isHead = first?.name === "heads" && second !== undefined;
      if (element.steps.length !== (isHead ? 2 : 1)) continue;
      const name = isHead ? `heads.${second.name}` : at(element.steps, 0).name;
      components.set(name, [...(components.get(name) ?? []), element]);
    }
    return [...components].flatMap(([component, elements]) => {
      const [first] = elements;
      const span = first?.instance?.span ?? first?.parameter?.span;
      const dead = elements.flatMap((element) => this.wholes(element));
      if (dead.length === 0 || span === undefined) return [];
      const selectors = this.selectorsFor(dead);
      const help =
        selectors.length > shown ? "freeze them, or use them in a loss" : `write \`freeze ${selectors.join(", ")}\``;
      const count = countOf(dead.flatMap(({ parameters }) => parameters));
      const all = countOf(elements.flatMap((element) => this.trainedUnder(element)));
      const params = { parameters: printShare(count, all, "trainable parameter"), component };
      return [report("parameters-without-gradient", span, params, { notes: notesOf(dead), help })];
    });
  }

  /** The largest modules under an element in which nothing is trained that should be, and parameters outside of these. */
  private wholes(element: Element): readonly Dead[] {
    const own = (parameter: ParameterInstance): readonly Dead[] => [
      ...(this.dead.has(parameter) && !this.told.has(parameter)
        ? [{ module: parameter, parameters: [parameter], why: this.why([parameter]) }]
        : []),
      ...parameter.adapters.flatMap(({ instance }) => visit(instance)),
    ];
    const visit = (module: ModuleInstance): readonly Dead[] => {
      const trained = this.trainedUnder({ instance: module, parameter: null });
      if (this.areDead(trained)) {
        const parameters = trained.filter((parameter) => !this.told.has(parameter));
        return parameters.length === 0 ? [] : [{ module, parameters, why: this.why(parameters) }];
      }
      const adapters = module.adapters.map(({ instance }) => instance);
      return [...module.parameters.flatMap(own), ...[...module.children, ...adapters].flatMap(visit)];
    };
    if (element.instance !== null) return visit(element.instance);
    return element.parameter === null ? [] : own(element.parameter);
  }

  /** Selectors for modules and parameters: their component and last name, where all that are called so are meant. */
  private selectorsFor(dead: readonly Dead[]): readonly string[] {
    const short = ({ steps }: Pick<Element, "steps">): string => {
      const component = at(steps, 0).name;
      return steps.length === 1 ? component : `${component}.${at(steps, steps.length - 1).name}`;
    };
    const meant = new Set(dead.map(({ module: { path } }) => path));
    const others = new Set(this.model.elements.flatMap((element) => (meant.has(element.path) ? [] : [short(element)])));
    const selectors = dead.map(({ module }) => (others.has(short(module)) ? module.path : short(module)));
    // A name without dots would continue what stands before it.
    const isDotted = (selector: string): number => (selector.includes(".") ? 1 : 0);
    return [...new Set(selectors)].sort((a, b) => isDotted(a) - isDotted(b));
  }

  private areDead(parameters: readonly ParameterInstance[]): boolean {
    return parameters.length > 0 && parameters.every((parameter) => this.dead.has(parameter));
  }

  private isTrained(parameter: ParameterInstance): boolean {
    return this.model.decisions.get(parameter)?.trainable === true && elementCount(parameter.type) > 0;
  }

  private trainedUnder(element: Pick<Element, "instance" | "parameter">): readonly ParameterInstance[] {
    return parametersUnder(element, true).filter((parameter) => this.isTrained(parameter));
  }

  private whyAdapter(base: Adaptable, parameters: readonly ParameterInstance[]): string {
    const isPassed =
      !parameters.some(({ path }) => this.used.has(path)) &&
      isModule(base) &&
      parametersUnder({ instance: base, parameter: null }, false).some(({ path }) => this.used.has(path));
    return isPassed ? "its parameters are used without calling it, past the adapter" : this.why(parameters);
  }

  private why(parameters: readonly ParameterInstance[]): string {
    return parameters.some(({ path }) => this.used.has(path))
      ? "a loss uses it only through what has no derivative"
      : "no loss uses it";
  }
}

/** A module or a parameter of which nothing is trained that is counted so. */
interface Dead {
  readonly module: Adaptable;
  readonly parameters: readonly ParameterInstance[];
  readonly why: string;
}

function notesOf(dead: readonly Dead[]): readonly string[] {
  const lines = dead
    .slice(0, shown)
    .map(({ module, parameters, why }) => `\`${module.path}\` (${printParameters(parameters)}): ${why}`);
  return dead.length > shown ? [...lines, `and ${dead.length - shown} more`] : lines;
}

/** `the adapter`, `any of the 3 adapters`, `2 of the 3 adapters` */
function printShare(count: number, all: number, noun: string): string {
  if (all === 1) return `the ${noun}`;
  return `${count === all ? "any" : printCount(count)} of the ${printCount(all)} ${noun}s`;
}

function printParameters(parameters: readonly ParameterInstance[]): string {
  const count = countOf(parameters);
  return `${printCount(count)} ${count === 1 ? "parameter" : "parameters"}`;
}

function countOf(parameters: readonly ParameterInstance[]): number {
  return parameters.reduce((sum, { type }) => sum + elementCount(type), 0);
}

function parametersAmong(nodes: Iterable<Node>): ReadonlySet<string> {
  const paths = new Set<string>();
  for (const { operation } of nodes) if (operation.op === "parameter") paths.add(operation.path);
  return paths;
}
