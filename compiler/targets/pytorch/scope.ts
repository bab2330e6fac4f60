import type { Source } from "../../../grammar/index.ts";
import type { ModuleInstance, Value } from "../../elaborate/index.ts";
import type { Callable } from "../../load/index.ts";
import type { TrainSettings } from "../../settings/index.ts";
import type { Facts } from "./facts.ts";
import { type Python, word } from "./python.ts";

/** What names mean at a place of a file: Python's variables and attributes. */
export class Scope {
  private readonly names = new Map<string, Python>();
  private readonly numbers = new Set<string>();
  private readonly outer: Scope | null;

  constructor(outer: Scope | null = null) {
    this.outer = outer;
  }

  lookup(name: string): Python | null {
    return this.names.get(name) ?? this.outer?.lookup(name) ?? null;
  }

  define(name: string, python: Python, isNumber = false): void {
    this.names.set(name, python);
    if (isNumber) this.numbers.add(name);
    else this.numbers.delete(name);
  }

  /** True for what is declared as a number. */
  isNumber(name: string): boolean {
    return this.names.has(name) ? this.numbers.has(name) : (this.outer?.isNumber(name) ?? false);
  }

  /** Makes a variable, with another name where the one of an outer block would be overwritten. */
  variable(wanted: string): Python {
    let name = wanted;
    for (let count = 1; this.outer?.isVariable(name) ?? false; count++) name = `${wanted}_${count}`;
    return word(name);
  }

  private isVariable(text: string): boolean {
    const isHere = [...this.names.values()].some((each) => each.kind === "word" && each.text === text);
    return isHere || (this.outer?.isVariable(text) ?? false);
  }
}

/** What is declared in the files of a spec, and what a Python file that is being written imports of it. */
export interface Declarations {
  readonly facts: Facts;
  /** What a name means in a file, beside what is built in. */
  readonly callable: (name: string, source: Source) => Callable | null;
  /** What an import with a name of its own has under a name: `v.block`. */
  readonly qualified: (alias: string, name: string, source: Source) => Callable | null;
  /** The value of a let of a file; null where there is none. */
  readonly fileValue: (name: string, source: Source) => Value | null;
  /** The adapters that are placed of one, with those that stand for it. */
  readonly placedOf: (adapter: Callable) => readonly Callable[];
  /** Whether the order in which adapters are placed is read: by a list of them. */
  readonly readsPlaced: boolean;
  /** Whether a module is an encoder: the model passes on what it gave, never the module. */
  readonly isEncoder: (instance: ModuleInstance) => boolean;
  /** How the model is computed in training. */
  readonly settings: Pick<TrainSettings, "precision" | "recompute">;
  /** Whether a function draws at random in training, itself or in what it calls. */
  readonly drops: (callable: Callable) => boolean;
}

/** A Python file that is being written. */
export interface Writer {
  /** Python's name for a declaration, which is imported where it stands in another file; behind an alias `v`, `block` is `v_block`. */
  readonly nameOf: (callable: Callable, alias?: string) => string;
  /** Notes that a module of Python's or of the package is used. */
  readonly use: (module: "torch" | "math" | "ops" | "F" | "nn" | "Tensor" | "ClassVar") => void;
}
