import { at } from "../at.ts";
import { type Wrong, wrong } from "./json-object.ts";

/** A regular expression of Python's, as far as a name is held against it without going back: no part of it remembers what another took. */
export type Expression =
  | { readonly kind: "character"; readonly fits: (character: string) => boolean }
  | { readonly kind: "sequence"; readonly parts: readonly Expression[] }
  | { readonly kind: "choice"; readonly choices: readonly Expression[] }
  | { readonly kind: "repeat"; readonly part: Expression; readonly least: number; readonly most: number | null }
  | { readonly kind: "place"; readonly place: Place }
  /** What follows has to begin with a part, or must not. */
  | { readonly kind: "ahead"; readonly part: Expression; readonly isNegated: boolean };

export type Place = "start" | "end" | "word edge" | "no word edge";

/** Why an expression is not read: in the words behind "the pattern `...`". */
class Refusal extends Error {}

/** Characters of an expression; one with the names of all modules of a model has some ten thousand. */
const longest = 50_000;
/** Parentheses within each other. */
const deepest = 200;
const mostRepeats = 1000;

const digit = /\p{Nd}/u;
const word = /[\p{L}\p{N}_]/u;
const blank = /\s/u;

/** Classes of characters by the letter of their escape. */
const classes: ReadonlyMap<string, (character: string) => boolean> = new Map([
  ["d", (character) => digit.test(character)],
  ["D", (character) => !digit.test(character)],
  ["w", isOfWord],
  ["W", (character) => !isOfWord(character)],
  ["s", (character) => blank.test(character)],
  ["S", (character) => !blank.test(character)],
]);

const controls: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["t", "\t"],
  ["r", "\r"],
  ["f", "\f"],
  ["v", "\v"],
  ["a", "\u0007"],
]);

const places: ReadonlyMap<string, Place> = new Map([
  ["A", "start"],
  ["Z", "end"],
  ["b", "word edge"],
  ["B", "no word edge"],
]);

/** What may stand behind `(?` and is not read, by how it begins. */
const unsupportedGroups: readonly (readonly [string, string])[] = [
  ["<", "looks at what is before (`(?<`)"],
  [">", "has an atomic group (`(?>`)"],
  ["P=", "refers back to a group (`(?P=`)"],
  ["P>", "refers back to a group (`(?P>`)"],
  ["(", "has a condition (`(?(`)"],
  ["#", "has a comment (`(?#`)"],
];

export function isOfWord(character: string): boolean {
  return word.test(character);
}

/** Reads a regular expression as Python's `re` does; refuses what is none, and what takes more than a pass over a name. */
export function readExpression(text: string): Expression | Wrong {
  if (text.length > longest) return wrong(`a pattern of ${text.length} characters is too long`);
  try {
    return new ExpressionReader(text).whole();
  } catch (error) {
    if (error instanceof Refusal) return wrong(`the pattern \`${cut(text)}\` ${error.message}`);
    throw error;
  }
}

export function cut(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}

class ExpressionReader {
  private readonly characters: readonly string[];
  private next = 0;
  private depth = 0;

  constructor(text: string) {
    this.characters = Array.from(text);
  }

  whole(): Expression {
    const read = this.choice();
    if (this.next < this.characters.length) throw invalid("a `)` closes nothing");
    return read;
  }

  private choice(): Expression {
    const choices = [this.sequence()];
    while (this.take("|")) choices.push(this.sequence());
    return choices.length === 1 ? at(choices, 0) : { kind: "choice", choices };
  }

  private sequence(): Expression {
    const parts: Expression[] = [];
    for (;;) {
      const character = this.peek();
      if (character === undefined || character === "|" || character === ")") return { kind: "sequence", parts };
      parts.push(this.repeated());
    }
  }

  private repeated(): Expression {
    const part = this.single();
    const times = this.times();
    if (times === null) return part;
    if (part.kind === "place")
      throw invalid("a quantifier stands behind a place instead of behind a character or a group");
    if (this.take("+")) throw new Refusal("has a possessive quantifier, which is not supported");
    // Whether it takes few or many first changes nothing in whether a name fits.
    this.take("?");
    if (this.times() !== null) throw invalid("one quantifier stands behind another");
    return { kind: "repeat", part, ...times };
  }

  private times(): { readonly least: number; readonly most: number | null } | null {
    if (this.take("*")) return { least: 0, most: null };
    if (this.take("+")) return { least: 1, most: null };
    if (this.take("?")) return { least: 0, most: 1 };
    // A brace that begins no quantifier is a character.
    const [found, least = "", comma, most = ""] =
      /^\{(\d*)(,?)(\d*)\}/.exec(this.characters.slice(this.next, this.next + 24).join("")) ?? [];
    if (found === undefined || (least === "" && comma === "")) return null;
    this.next += found.length;
    const fewest = least === "" ? 0 : Number(least);
    const highest = comma === "" ? fewest : most === "" ? null : Number(most);
    if (highest !== null && highest < fewest) throw invalid(`\`${found}\` counts downwards`);
    if (Math.max(fewest, highest ?? 0) > mostRepeats) throw new Refusal(`repeats more than ${mostRepeats} times`);
    return { least: fewest, most: highest };
  }

  private single(): Expression {
    const character = at(this.characters, this.next++);
    switch (character) {
      case "(":
        return this.group();
      case "[":
        return { kind: "character", fits: this.class() };
      case ".":
        return { kind: "character", fits: (each) => each !== "\n" };
      case "^":
        return { kind: "place", place: "start" };
      case "$":
        return { kind: "place", place: "end" };
      case "\\":
        return this.escape();
      case "*":
      case "+":
      case "?":
        throw invalid(`\`${character}\` has nothing to repeat`);
      default:
        if (character === "{") {
          this.next--;
          if (this.times() !== null) throw invalid("a quantifier has nothing to repeat");
          this.next++;
        }
        return literal(character);
    }
  }

  private group(): Expression {
    if (++this.depth > deepest) throw new Refusal(`has groups nested deeper than ${deepest} levels`);
    const look = this.lookAhead();
    const part = this.choice();
    if (!this.take(")")) throw invalid("a `(` is not closed");
    this.depth--;
    return look === null ? part : { kind: "ahead", part, isNegated: look === "!" };
  }

  /** Reads what stands behind the parenthesis of a group: `=` or `!` of one that looks ahead; null of one that takes characters. */
  private lookAhead(): "=" | "!" | null {
    if (!this.take("?")) return null;
    if (this.take(":")) return null;
    if (this.take("=")) return "=";
    if (this.take("!")) return "!";
    const rest = this.characters.slice(this.next, this.next + 100).join("");
    const name = /^P<[\p{L}_][\p{L}\p{N}_]*>/u.exec(rest);
    if (name !== null) {
      this.next += Array.from(name[0]).length;
      return null;
    }
    const found = unsupportedGroups.find(([start]) => rest.startsWith(start));
    if (found !== undefined) throw new Refusal(`${found[1]}, which is not supported`);
    if (/^[aiLmsux-]/.test(rest)) throw new Refusal(`sets flags (\`(?${rest.slice(0, 1)}\`), which is not supported`);
    throw invalid("`(?` begins no group");
  }

  private escape(): Expression {
    const character = this.characters[this.next++];
    if (character === undefined) throw invalid("it ends with a backslash");
    const place = places.get(character);
    if (place !== undefined) return { kind: "place", place };
    const fits = classes.get(character);
    if (fits !== undefined) return { kind: "character", fits };
    if (/[1-9]/.test(character))
      throw new Refusal(`refers back to a group (\`\\${character}\`), which is not supported`);
    return literal(this.escaped(character));
  }

  /** The character that an escape stands for, in a class as outside. */
  private escaped(character: string): string {
    const control = controls.get(character);
    if (control !== undefined) return control;
    const digits = character === "x" ? 2 : character === "u" ? 4 : null;
    if (digits !== null) {
      const code = this.characters.slice(this.next, this.next + digits).join("");
      if (code.length !== digits || !/^[0-9a-fA-F]+$/.test(code))
        throw invalid(`\`\\${character}\` needs ${digits} digits`);
      this.next += digits;
      return String.fromCodePoint(Number.parseInt(code, 16));
    }
    if (/^[A-Za-z0-9]$/.test(character)) throw invalid(`\`\\${character}\` is not an escape`);
    return character;
  }

  private class(): (character: string) => boolean {
    const isNegated = this.take("^");
    const tests: ((character: string) => boolean)[] = [];
    for (let isFirst = true; ; isFirst = false) {
      if (!isFirst && this.take("]")) break;
      const from = this.member();
      const isRange = this.peek() === "-" && this.characters[this.next + 1] !== "]";
      if (typeof from !== "string" || !isRange) {
        tests.push(typeof from === "string" ? (each) => each === from : from);
        continue;
      }
      this.next++;
      const to = this.member();
      if (typeof to !== "string") throw invalid("a range in a class ends with a class");
      const [low, high] = [codeOf(from), codeOf(to)];
      if (high < low) throw invalid(`the range \`${from}-${to}\` goes downwards`);
      tests.push((each) => codeOf(each) >= low && codeOf(each) <= high);
    }
    return (character) => tests.some((fits) => fits(character)) !== isNegated;
  }

  /** A character of a class, or a class in it. */
  private member(): string | ((character: string) => boolean) {
    const character = this.characters[this.next++];
    if (character === undefined) throw invalid("a `[` is not closed");
    if (character !== "\\") return character;
    const escaped = this.characters[this.next++];
    if (escaped === undefined) throw invalid("it ends with a backslash");
    const fits = classes.get(escaped);
    if (fits !== undefined) return fits;
    return escaped === "b" ? "\b" : this.escaped(escaped);
  }

  private peek(): string | undefined {
    return this.characters[this.next];
  }

  private take(character: string): boolean {
    if (this.peek() !== character) return false;
    this.next++;
    return true;
  }
}

function literal(character: string): Expression {
  return { kind: "character", fits: (each) => each === character };
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

function invalid(why: string): Refusal {
  return new Refusal(`is not a valid regular expression: ${why}`);
}
