/** Objects of one type that a file has besides tensors, and that were left unread. */
export interface UnreadType {
  /** The name with its module, as the file has it. */
  readonly name: string;
  /** The place of the first in the file's dicts; null where it is deeper. */
  readonly at: string | null;
}

/** Types that are listed; a hostile file names half a million. */
const mostNames = 100;
/** Characters of a name. */
const longestName = 200;

/** The names of what was left unread, in the order of the file. */
export class UnreadNames {
  private readonly places = new Map<string, string | null>();

  add(whole: string): void {
    const name = shortened(whole);
    if (this.places.size < mostNames && !this.places.has(name)) this.places.set(name, null);
  }

  /** Says where an object is; the first place of a type is kept. */
  place(whole: string, at: string): void {
    const name = shortened(whole);
    if (this.places.get(name) === null) this.places.set(name, shortened(at));
  }

  get types(): readonly UnreadType[] {
    return [...this.places].map(([name, at]) => ({ name, at }));
  }
}

function shortened(name: string): string {
  return name.length > longestName ? `${name.slice(0, longestName)}...` : name;
}
