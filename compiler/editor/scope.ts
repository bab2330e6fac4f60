import type { Declaration } from "./declarations.ts";

/** The names that are known at a place, in it and around it. */
export class Scope {
  private readonly names = new Map<string, Declaration>();
  private readonly outer: Scope | null;

  constructor(outer: Scope | null) {
    this.outer = outer;
  }

  declare(declaration: Declaration): void {
    this.names.set(declaration.name.text, declaration);
  }

  lookup(name: string): Declaration | null {
    return this.names.get(name) ?? this.outer?.lookup(name) ?? null;
  }

  /** All that is known here, what is nearer first. */
  all(): readonly Declaration[] {
    const own = [...this.names.values()];
    return [...own, ...(this.outer?.all() ?? []).filter(({ name }) => !this.names.has(name.text))];
  }
}
