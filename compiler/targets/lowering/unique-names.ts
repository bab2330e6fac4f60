import { countAt } from "../../at.ts";
/** Names of which each is given once: one that is taken gets a number. */
export class UniqueNames {
  private readonly taken: Map<string, number>;

  /** `reserved` are given to nobody. */
  constructor(reserved: Iterable<string> = []) {
    this.taken = new Map([...reserved].map((name) => [name, 1]));
  }

  take(wanted: string): string {
    let count = countAt(this.taken, wanted);
    let name = count === 0 ? wanted : `${wanted}_${count}`;
    while (this.taken.has(name)) name = `${wanted}_${++count}`;
    this.taken.set(wanted, count + 1);
    if (name !== wanted) this.taken.set(name, 1);
    return name;
  }
}
