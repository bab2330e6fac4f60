import type { Value } from "./values.ts";

/** Names and what they mean, inside a wider environment. */
export class Environment {
  private readonly values = new Map<string, Value>();
  private readonly outer: Environment | null;

  constructor(outer: Environment | null) {
    this.outer = outer;
  }

  lookup(name: string): Value | undefined {
    return this.values.get(name) ?? this.outer?.lookup(name);
  }

  define(name: string, value: Value): void {
    this.values.set(name, value);
  }

  /** Gives a known name a new value where it was defined, up to `limit`; false when it is not known so far. */
  assign(name: string, value: Value, limit: Environment): boolean {
    if (this.values.has(name)) {
      this.values.set(name, value);
      return true;
    }
    return this === limit || this.outer === null ? false : this.outer.assign(name, value, limit);
  }

  /** Every name that is known here, for suggestions. */
  names(): readonly string[] {
    return [...this.values.keys(), ...(this.outer?.names() ?? [])];
  }
}
