import { type Diagnostic, didYouMean, type RolesDeclaration, report, type Segment } from "../../grammar/index.ts";
import { at } from "../at.ts";
import { type Adaptable, atomsOf, type ModuleInstance, type Role } from "../elaborate/index.ts";
import type { Element } from "./elements.ts";
import {
  fitsList,
  isExact,
  matchesAround,
  matchesMember,
  matchesSteps,
  type Pattern,
  printRange,
  printSegments,
} from "./patterns.ts";

/** What one pattern selects, or why it selects nothing. */
export interface Selection {
  readonly pattern: Pattern;
  readonly elements: readonly Element[];
  /** The role that was asked for, when the pattern names one. */
  readonly role: string | null;
}

/** Finds what selectors name among the elements of a model. */
export class SelectorResolver {
  readonly diagnostics: Diagnostic[] = [];
  private readonly elements: readonly Element[];
  private readonly families = new Map<string, RolesDeclaration>();

  constructor(elements: readonly Element[]) {
    this.elements = elements;
    for (const { instance, parameter } of elements) {
      const role = instance?.role ?? parameter?.role ?? null;
      if (role !== null) this.families.set(role.family.family.text, role.family);
    }
  }

  /** What a list of patterns selects; patterns that differ in their role only take a fused projection together. */
  select(patterns: readonly Pattern[]): readonly Selection[] {
    const asked = new Map<string, AskedRole[]>();
    for (const pattern of patterns) {
      const role = this.roleOf(pattern);
      if (role !== null) asked.set(role.around, [...(asked.get(role.around) ?? []), role]);
    }
    return patterns.flatMap((pattern) => {
      const selection = this.selectOne(pattern, asked);
      return selection === null ? [] : [selection];
    });
  }

  private selectOne(pattern: Pattern, asked: ReadonlyMap<string, readonly AskedRole[]>): Selection | null {
    const component = pattern.segments[0];
    const known = this.elements.some(({ steps }) => matchesAround(pattern.segments.slice(0, 1), steps));
    if (component?.kind === "segment" && !known) {
      const names = [...new Set(this.elements.map(({ steps }) => at(steps, 0).name))];
      const help = didYouMean(component.name.text, names) ?? `its components are ${names.join(", ")}`;
      return this.refuse(report("unknown-component", component.name.span, { name: component.name.text }, { help }));
    }
    if (!this.checkLayers(pattern)) return null;
    const role = this.roleOf(pattern);
    if (role === null) {
      const named = this.elements.filter(
        (element) => matchesSteps(pattern.segments, element.steps) && (!element.ofAdapter || isNamed(pattern)),
      );
      // A parameter's name is not meant for what adapters on it call so.
      const adapted = named.filter(({ ofAdapter, parameter }) => !ofAdapter && (parameter?.adapters.length ?? 0) > 0);
      const isBelow = ({ path }: Element): boolean => adapted.some((each) => path.startsWith(`${each.path}.`));
      const elements = adapted.length === 0 ? named : named.filter((each) => !each.ofAdapter || !isBelow(each));
      return elements.length > 0 ? { pattern, elements, role: null } : this.selectMembers(pattern);
    }
    if (!role.family.roles.some(({ name }) => name.text === role.name)) return this.refuseRole(pattern, role);
    return this.selectRole(pattern, role, asked.get(role.around) ?? []);
  }

  /** What is called so in the parts with a role: `vision.attn.qkv.weight`. */
  private selectMembers(pattern: Pattern): Selection | null {
    const segments = pattern.segments.slice(0, -1);
    const role = this.roleOf({ segments });
    const last = pattern.segments.at(-1);
    if (role === null || last === undefined) return this.refuseEmpty(pattern);
    if (!role.family.roles.some(({ name }) => name.text === role.name)) return this.refuseRole(pattern, role);
    const whole = this.selectRole({ ...pattern, segments, text: printSegments(segments), continued: null }, role, [
      role,
    ]);
    if (whole === null) return null;
    const members = this.elements.filter((element) =>
      whole.elements.some(({ path, steps }) => {
        const isMember = element.steps.length === steps.length + 1 && element.path.startsWith(`${path}.`);
        return isMember && matchesMember(last, element.steps) && (!element.ofAdapter || isNamed(pattern));
      }),
    );
    return members.length > 0 ? { pattern, elements: members, role: null } : this.refuseEmpty(pattern);
  }

  private selectRole(
    pattern: Pattern,
    { family, name, around }: AskedRole,
    together: readonly AskedRole[],
  ): Selection | null {
    const askedAtoms = new Set(together.flatMap((each) => [...atomsOf(each.family, each.name)]));
    const atoms = atomsOf(family, name);
    const elements: Element[] = [];
    for (const element of this.elements) {
      const role = element.instance?.role ?? element.parameter?.role ?? null;
      if (role?.family !== family || element.ofAdapter) continue;
      if (!matchesAround(pattern.segments.slice(0, -2), element.steps)) continue;
      if (![...role.atoms].some((atom) => atoms.has(atom))) continue;
      if ([...role.atoms].every((atom) => askedAtoms.has(atom))) {
        elements.push(element);
        continue;
      }
      const fused = `${around}.${role.name}`;
      const apart = together.filter((each) => ![...atomsOf(family, each.name)].every((atom) => role.atoms.has(atom)));
      const whole = `${around}.${[...apart.map((each) => each.name), role.name].join(",")}`;
      const text = pattern.continued === null ? fused : role.name;
      const fixes = [{ title: `write \`${text}\``, span: pattern.span, text, isChoice: true as const }];
      const params = { role: pattern.text, path: element.path, fused, whole };
      return this.refuse(report("part-of-fused", pattern.span, params, { fixes }));
    }
    return elements.length > 0
      ? { pattern, elements, role: `${family.family.text}.${name}` }
      : this.refuseEmpty(pattern);
  }

  /** The role that a pattern names with its last two segments, if the first of these is a family. */
  private roleOf({ segments }: Pick<Pattern, "segments">): AskedRole | null {
    const [family, role] = segments.slice(-2);
    if (segments.length < 3 || family?.kind !== "segment" || role?.kind !== "segment") return null;
    const isPlain = family.layers === null && role.layers === null && isExact(role);
    const declared = isPlain ? this.families.get(family.name.text) : undefined;
    if (declared === undefined) return null;
    return { family: declared, name: role.name.text, around: printSegments(segments.slice(0, -1)) };
  }

  /** Refuses a layer that a list does not have. */
  private checkLayers({ segments }: Pattern): boolean {
    for (const [index, segment] of segments.entries()) {
      if (segment.kind !== "segment" || segment.layers === null) continue;
      const counts = this.listCounts(segments.slice(0, index), segment);
      const most = Math.max(...counts);
      if (counts.length === 0) continue;
      for (const range of segment.layers) {
        if (fitsList(range, most)) continue;
        const list = printSegments([...segments.slice(0, index), { ...segment, layers: null }]);
        const written = `[${printRange(range)}]`;
        this.diagnostics.push(report("no-such-layer", range.span, { written, list, count: most }));
        return false;
      }
    }
    return true;
  }

  private listCounts(before: readonly Segment[], segment: Segment & { readonly kind: "segment" }): readonly number[] {
    const list: Segment = { ...segment, layers: null };
    return this.elements.flatMap(({ steps }) => {
      const count = steps.at(-1)?.count ?? null;
      return count !== null && matchesSteps([...before, list], steps) ? [count] : [];
    });
  }

  private refuseRole(pattern: Pattern, { family, name, around }: AskedRole): null {
    const names = family.roles.map((role) => role.name.text);
    const params = { role: name, family: family.family.text };
    const help = didYouMean(name, names) ?? `the roles at \`${around}\` are ${names.join(", ")}`;
    return this.refuse(report("unknown-role", pattern.span, params, { help }));
  }

  private refuseEmpty(pattern: Pattern): null {
    const help = this.misplacedName(pattern) ?? didYouMean(pattern.text, this.choices(pattern)) ?? this.offer(pattern);
    return this.refuse(report("nothing-selected", pattern.span, { selector: pattern.text }, { help }));
  }

  /** In `heads.*, text` the name continues what stands before it, which is not what was meant when it is a component. */
  private misplacedName({ segments, continued }: Pattern): string | null {
    const last = segments.at(-1);
    if (continued === null || last?.kind !== "segment") return null;
    const name = last.name.text;
    const isComponent = this.elements.some(({ steps }) => steps[0]?.name === name);
    return isComponent ? `\`${name}\` continues \`${continued}\` here; put it before the selectors with dots` : null;
  }

  /** Selectors that exist in the component that a pattern names: its roles, and its modules by their last names. */
  private choices({ segments }: Pattern): readonly string[] {
    const component = segments.slice(0, 1);
    const choices = new Set<string>();
    for (const { steps, instance, parameter } of this.elements) {
      if (!matchesAround(component, steps)) continue;
      const [first, ...below] = steps.map(({ name }) => name);
      const role = instance?.role ?? parameter?.role ?? null;
      if (role !== null) choices.add(`${first}.${printRole(role)}`);
      choices.add([first, ...below.slice(-2)].join("."));
      choices.add([first, ...below.slice(-1)].join("."));
    }
    return [...choices];
  }

  private offer({ segments }: Pattern): string | null {
    const component = segments.slice(0, 1);
    const roles = new Set<string>();
    const children = new Set<string>();
    for (const { steps, instance, parameter } of this.elements) {
      if (!matchesAround(component, steps)) continue;
      const role = instance?.role ?? parameter?.role ?? null;
      if (role !== null) roles.add(printRole(role));
      if (steps.length === 2) children.add(at(steps, 1).name);
    }
    const found = [...roles, ...children];
    return found.length === 0 ? null : `\`${printSegments(component)}\` has ${found.slice(0, 12).join(", ")}`;
  }

  private refuse(diagnostic: Diagnostic): null {
    this.diagnostics.push(diagnostic);
    return null;
  }
}

interface AskedRole {
  readonly family: RolesDeclaration;
  readonly name: string;
  /** The pattern without the role, as text: patterns that agree in it ask together. */
  readonly around: string;
}

export function printRole({ family, name }: Role): string {
  return `${family.family.text}.${name}`;
}

/** An adapter is reached by its name only, never by a wildcard or by what is around it. */
function isNamed({ segments }: Pattern): boolean {
  return segments.length > 1 && isExact(segments.at(-1));
}

/** The modules among what was selected, each once. */
export function selectedModules(selections: readonly Selection[]): ReadonlySet<ModuleInstance> {
  return new Set(selections.flatMap(({ elements }) => elements.flatMap(({ instance }) => instance ?? [])));
}

/** What is counted of a selection: what the model has itself under a name, and what adapters call so where it has nothing. */
export function counted({ elements }: Selection): readonly Element[] {
  const own = elements.filter(({ ofAdapter }) => !ofAdapter);
  return own.length > 0 ? own : elements;
}

/** What may have adapters among what was selected, each once. */
export function selectedBases(selections: readonly Selection[]): ReadonlySet<Adaptable> {
  return new Set(
    selections.flatMap(({ elements }) => elements.flatMap((each) => each.instance ?? each.parameter ?? [])),
  );
}
