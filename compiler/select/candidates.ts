import { createSource } from "../../grammar/index.ts";
import { at } from "../at.ts";
import { atomsOf, type ModuleInstance, type Step } from "../elaborate/index.ts";
import { runsOf } from "../runs.ts";
import type { Element } from "./elements.ts";
import { selectText } from "./select-text.ts";
import { isSubset } from "./sets.ts";

/** A selector with what it selects. */
export interface Candidate {
  readonly text: string;
  readonly modules: ReadonlySet<ModuleInstance>;
  /** What speaks against it: its length, and more where it names a module that has a role. */
  readonly cost: number;
}

/** As many characters more may a selector by role have than one by name. */
const preferenceForRoles = 20;

/** Finds selectors for modules of a model, each checked by what it selects. */
export class Candidates {
  private readonly elements: readonly Element[];
  private readonly known = new Map<string, ReadonlySet<ModuleInstance> | null>();

  constructor(elements: readonly Element[]) {
    this.elements = elements.filter(({ ofAdapter }) => !ofAdapter);
  }

  /** What some selectors select together; null where they are wrong or select what is no module. */
  select(text: string): ReadonlySet<ModuleInstance> | null {
    const found = this.known.get(text);
    if (found !== undefined) return found;
    const { selections, diagnostics } = selectText(createSource("selector", text), this.elements);
    const selected = selections.flatMap(({ elements }) => elements);
    const modules = selected.flatMap(({ instance }) => instance ?? []);
    const isRight = diagnostics.length === 0 && modules.length === selected.length;
    const result = isRight ? new Set(modules) : null;
    this.known.set(text, result);
    return result;
  }

  /**
   * Selectors that select some of the modules that are asked for: by role or by name, within nothing or one part between, and
   * of a list all layers or those in which everything that is selected is allowed.
   */
  around(asked: ReadonlySet<ModuleInstance>, allowed: ReadonlySet<ModuleInstance>): readonly Candidate[] {
    const found = new Map<string, Candidate>();
    const add = (text: string, cost: number): void => {
      const modules = found.has(text) ? null : this.select(text);
      if (modules !== null) found.set(text, { text, modules, cost: text.length + cost });
    };
    const layered = new Map<string, Layered>();
    for (const module of asked) {
      for (const { text, cost } of endsOf(module)) {
        const [component = { name: "", index: null, count: null }] = module.steps;
        if (module.steps.length === 1) add(component.name, 0);
        else this.addFor(module, { text, cost }, add, layered);
      }
      add(module.path, preferenceForRoles);
    }
    for (const { write, cost, count } of layered.values()) {
      const layers = Array.from({ length: count }, (_, index) => index).filter((index) => {
        const modules = this.select(write(String(index)));
        return modules !== null && modules.size > 0 && [...modules].every((module) => allowed.has(module));
      });
      if (layers.length === 0) continue;
      add(write(printLayers(layers, count)), cost);
      // Lists of different lengths may have the same last layers.
      const last = runsOf(layers).at(-1);
      if (last === undefined || last.last + 1 < count) continue;
      const fromEnd = write(printFromEnd(count - last.first));
      const modules = this.select(fromEnd);
      if (modules !== null && [...modules].every((module) => allowed.has(module))) add(fromEnd, cost);
    }
    return [...found.values()];
  }

  private addFor(
    module: ModuleInstance,
    end: End,
    add: (text: string, cost: number) => void,
    layered: Map<string, Layered>,
  ): void {
    const { name } = at(module.steps, 0);
    const below = module.steps.slice(1);
    const middle = below.slice(0, -1);
    add(`${name}.${end.text}`, end.cost);
    for (const step of middle) {
      add(`${name}.${step.name}.${end.text}`, end.cost);
      if (step.count === null) continue;
      for (const before of [[], ...middle.slice(0, middle.indexOf(step)).map((each) => [each])]) {
        const stem = [name, ...before.map(writtenStep), step.name].join(".");
        const write = (layers: string): string => `${stem}[${layers}].${end.text}`;
        layered.set(write(""), { write, cost: end.cost, count: step.count });
      }
    }
    const last = below.at(-1);
    if (last === undefined || last.count === null) return;
    const { count } = last;
    for (const before of [[], ...middle.map((each) => [each])]) {
      const stem = [name, ...before.map(writtenStep), last.name].join(".");
      layered.set(`${stem}[]`, { write: (layers) => `${stem}[${layers}]`, cost: end.cost, count });
    }
  }
}

/** A selector with a place for layers. */
interface Layered {
  readonly write: (layers: string) => string;
  readonly cost: number;
  readonly count: number;
}

interface End {
  readonly text: string;
  readonly cost: number;
}

/** How a selector for a module can end: with the roles that cover its own, or with its name. */
function endsOf({ role, steps }: ModuleInstance): readonly End[] {
  const { name } = at(steps, steps.length - 1);
  if (role === null) return [{ text: name, cost: 0 }];
  const { family, atoms } = role;
  const covering = family.roles.filter((each) => isSubset(atoms, atomsOf(family, each.name.text)));
  return [
    ...covering.map((each) => ({ text: `${family.family.text}.${each.name.text}`, cost: 0 })),
    { text: name, cost: preferenceForRoles },
  ];
}

function writtenStep({ name, index }: Step): string {
  return index === null ? name : `${name}[${index}]`;
}

/** `-1`, `-2..` for so many of the last layers. */
function printFromEnd(layers: number): string {
  return layers === 1 ? "-1" : `-${layers}..`;
}

/** `0, 2..5, 8..` of a list with that many members. */
function printLayers(layers: readonly number[], count: number): string {
  const runs = runsOf(layers).map(({ first, last }) => {
    if (first === last) return String(first);
    return last + 1 === count ? `${first}..` : `${first}..${last + 1}`;
  });
  return runs.join(", ");
}
