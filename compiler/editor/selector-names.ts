import type { Name, Selector } from "../../grammar/index.ts";
import { expandSelectors } from "../select/index.ts";
import type { Declaration } from "./declarations.ts";
import type { Hear } from "./expression-names.ts";
import type { FoundModule, ProgramNames } from "./program-names.ts";
import type { Scope } from "./scope.ts";

/** Finds the names in selectors: parts and parameters, wherever they are below what stands before them, and roles. */
export class SelectorNames {
  private readonly program: ProgramNames;
  private readonly hear: Hear;

  constructor(program: ProgramNames, hear: Hear) {
    this.program = program;
    this.hear = hear;
  }

  read(selectors: readonly Selector[], scope: Scope): void {
    for (const { segments } of expandSelectors(selectors)) {
      let module: FoundModule | null = null;
      let family: string | null = null;
      for (const [index, segment] of segments.entries()) {
        if (segment.kind !== "segment") continue;
        const { text, span } = segment.name;
        if (family !== null) {
          this.roleOf(family, segment.name);
          family = null;
          continue;
        }
        // `heads` is no member: what stands behind it is a `let` of the model.
        const isFirst: boolean = index === 0 || (index === 1 && module === null);
        const found: Declaration | null = isFirst
          ? scope.lookup(text)
          : module === null
            ? null
            : this.below(module, text);
        if (found !== null) {
          this.hear(span, found);
          module = this.program.madeBy(found) ?? module;
        } else if (this.program.families.has(text)) {
          family = text;
          this.family(segment.name);
        }
      }
    }
  }

  /** The role of a part, such as `attn.q`. */
  role([family, role]: readonly Name[]): void {
    if (family === undefined) return;
    this.family(family);
    if (role !== undefined) this.roleOf(family.text, role);
  }

  private family({ text, span }: Name): void {
    const declared = this.program.families.get(text);
    if (declared !== undefined) this.hear(span, this.program.declarations.roles(declared).family);
  }

  private roleOf(family: string, { text, span }: Name): void {
    const role = this.program.families.get(family)?.roles.find(({ name }) => name.text === text);
    if (role !== undefined) this.hear(span, this.program.declarations.of("role", role.name, role.span));
  }

  /** The nearest part or parameter of this name in a module and all in it. */
  private below(from: FoundModule, name: string): Declaration | null {
    const seen = new Set([from.module]);
    const next = [from];
    for (const { module } of next) {
      const members = this.program.declarations.membersOf(module);
      const found = members.get(name);
      if (found?.kind === "param" || found?.kind === "part") return found;
      for (const each of members.values()) {
        const made = each.kind === "part" ? this.program.madeBy(each) : null;
        if (made === null || seen.has(made.module)) continue;
        seen.add(made.module);
        next.push(made);
      }
    }
    return null;
  }
}
