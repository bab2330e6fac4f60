import { nearestText } from "../../grammar/index.ts";
import type { PlacedProblem } from "./problem.ts";
import type { Mapping, Scalar, Tree } from "./yaml-tree.ts";

/** Reads values of a tree, and keeps what is wrong with them. */
export class SweepReader {
  readonly problems: PlacedProblem[] = [];

  refuse({ place }: Pick<Tree, "place">, message: string, help: string | null = null): void {
    this.problems.push({ place, message, help });
  }

  /** A mapping that has no other keys than these; null, after saying so, for what is none. */
  mapping(tree: Tree, what: string, keys: readonly string[]): Mapping | null {
    if (tree.kind !== "mapping") {
      this.refuse(tree, `${what} is a mapping with the keys ${keys.join(", ")}`);
      return null;
    }
    for (const [name, { key }] of tree.entries) {
      if (keys.includes(name)) continue;
      const help = nearestText(name, keys) ?? `the keys are ${keys.join(", ")}`;
      this.refuse(key, `${what} has no \`${name}\``, help);
    }
    return tree;
  }

  /** A text that is not empty. */
  text(tree: Tree | undefined, name: string): string | null {
    if (tree === undefined) return null;
    if (tree.kind === "scalar" && tree.text.trim() !== "") return tree.text;
    this.refuse(tree, `\`${name}\` must be a string`);
    return null;
  }

  count(tree: Tree | undefined, name: string, least: number): number | null {
    if (tree === undefined) return null;
    const value = tree.kind === "scalar" && /^\d+$/.test(tree.text) ? Number(tree.text) : Number.NaN;
    if (Number.isSafeInteger(value) && value >= least) return value;
    this.refuse(tree, `\`${name}\` must be a whole number${least > 0 ? " above 0" : ""}`);
    return null;
  }

  flag(tree: Tree | undefined, name: string): boolean {
    if (tree === undefined) return false;
    if (tree.kind === "scalar" && (tree.text === "true" || tree.text === "false")) return tree.text === "true";
    this.refuse(tree, `\`${name}\` must be true or false`);
    return false;
  }

  /** A list of one or more things; one thing alone is a list of it. */
  list(tree: Tree | undefined, name: string): readonly Tree[] {
    if (tree === undefined) return [];
    const items = tree.kind === "list" ? tree.items : [tree];
    if (items.length === 0) this.refuse(tree, `\`${name}\` is empty`);
    return items;
  }

  /** Different whole numbers. */
  counts(tree: Tree | undefined, name: string): readonly number[] {
    const counts = this.list(tree, name).flatMap((item) => this.count(item, name, 0) ?? []);
    if (tree !== undefined && new Set(counts).size < counts.length) this.refuse(tree, `\`${name}\` has a duplicate`);
    return counts;
  }

  texts(tree: Tree | undefined, name: string): readonly string[] {
    return this.list(tree, name).flatMap((item) => this.text(item, name) ?? []);
  }

  /** A value of the language: a text stands for what it says, a list for a list of such. */
  expression(tree: Tree, name: string): string | null {
    if (tree.kind === "list") {
      const items = tree.items.map((item) => this.expression(item, name));
      return items.includes(null) ? null : `[${items.join(", ")}]`;
    }
    return this.text(tree, name);
  }

  /** The entries of a mapping whose keys the file chooses. */
  named(tree: Tree, what: string): readonly { readonly key: Scalar; readonly value: Tree }[] {
    if (tree.kind === "mapping") return [...tree.entries.values()];
    this.refuse(tree, what);
    return [];
  }
}
