/** Values inside of values that are passed over are no deeper than that. */
const deepest = 64;

/**
 * Reads JSON (RFC 8259) from its start to its end, asked for what should come next: nothing is built from what nobody asked
 * for, so that a text of 100 MB of brackets costs no memory. `fail` throws what is wrong, in words.
 */
export class JsonReader {
  private readonly text: string;
  private readonly fail: (problem: string) => Error;
  private at = 0;

  constructor(text: string, fail: (problem: string) => Error) {
    this.text = text;
    this.fail = fail;
  }

  /** The character that comes next, after blanks; empty at the end. */
  peek(): string {
    while (isBlank(this.text.charCodeAt(this.at))) this.at++;
    return this.text.charAt(this.at);
  }

  /** Calls `read` for each member, which has to read its value. No name may be there twice. */
  object(read: (name: string) => void): void {
    const names = new Set<string>();
    this.expect("{");
    if (this.take("}")) return;
    do {
      const name = this.string();
      if (names.has(name)) throw this.fail(`it has \`${name}\` twice`);
      names.add(name);
      this.expect(":");
      read(name);
    } while (this.take(","));
    this.expect("}");
  }

  /** Calls `read` for each item, which has to read it. */
  list(read: () => void): void {
    this.expect("[");
    if (this.take("]")) return;
    do read();
    while (this.take(","));
    this.expect("]");
  }

  string(): string {
    if (this.peek() !== '"') throw this.unexpected("a string");
    const start = this.at;
    let end = this.text.indexOf('"', start + 1);
    while (end > 0 && this.isEscaped(start, end)) end = this.text.indexOf('"', end + 1);
    if (end < 0) throw this.fail("a string in it is never closed");
    this.at = end + 1;
    if (end - start > longestString) throw this.fail(`a string in it has more than ${longestString} characters`);
    try {
      return String(JSON.parse(this.text.slice(start, this.at)));
    } catch {
      throw this.fail(`the string at character ${start} is malformed`);
    }
  }

  /** A whole number from 0 to 2^53 - 1, written without fraction and exponent; null for anything else, which is passed over. */
  size(): number | null {
    this.peek();
    const digits = /^(?:0|[1-9][0-9]{0,15})(?![0-9.eE+-])/.exec(this.text.slice(this.at, this.at + 17))?.[0];
    if (digits === undefined || !Number.isSafeInteger(Number(digits))) {
      this.skip();
      return null;
    }
    this.at += digits.length;
    return Number(digits);
  }

  /** Passes over any value. */
  skip(depth = 0): void {
    if (depth > deepest) throw this.fail(`it is nested more than ${deepest} deep`);
    const next = this.peek();
    if (next === "{") this.object(() => this.skip(depth + 1));
    else if (next === "[") this.list(() => this.skip(depth + 1));
    else if (next === '"') this.string();
    else {
      const word = /^(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![0-9a-zA-Z.+-])/.exec(
        this.text.slice(this.at, this.at + longestNumber),
      )?.[0];
      if (word === undefined) throw this.unexpected("a value");
      this.at += word.length;
    }
  }

  /** The text of any value, which is passed over. */
  raw(): string {
    this.peek();
    const start = this.at;
    this.skip();
    return this.text.slice(start, this.at);
  }

  /** Refuses whatever comes besides blanks. */
  end(): void {
    if (this.peek() !== "") throw this.unexpected("its end");
  }

  private take(character: string): boolean {
    if (this.peek() !== character) return false;
    this.at++;
    return true;
  }

  private expect(character: string): void {
    if (!this.take(character)) throw this.unexpected(`\`${character}\``);
  }

  /** True when an odd number of backslashes stands before a quote. */
  private isEscaped(start: number, quote: number): boolean {
    let at = quote - 1;
    while (at > start && this.text.charAt(at) === "\\") at--;
    return (quote - 1 - at) % 2 === 1;
  }

  private unexpected(wanted: string): Error {
    const found = this.peek();
    const what = found === "" ? "it ends" : `\`${found}\` stands`;
    return this.fail(`${what} at character ${this.at}, where ${wanted} is expected`);
  }
}

const longestNumber = 400;
const longestString = 2 ** 24;

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
