import type { Group } from "./groups.ts";
import type { AdapterMeasure } from "./measure.ts";
import type { RoleClass } from "./regions.ts";

/** Trainable parameters of adapters on a group, by the position of their rank; NaN where there can be none. */
export type Table = readonly number[];

/** Makes the tables of groups, by adding up those of their classes. */
export class Tables {
  private readonly measure: AdapterMeasure;
  private readonly ranks: readonly (number | null)[];
  private readonly classes = new Map<RoleClass, Table>();
  private readonly groups = new Map<Group, Table>();

  constructor(measure: AdapterMeasure, ranks: readonly (number | null)[]) {
    this.measure = measure;
    this.ranks = ranks;
  }

  of(group: Group): Table {
    const known = this.groups.get(group);
    if (known !== undefined) return known;
    const table = sum(
      group.classes.map((each) => this.ofClass(each)),
      this.ranks.length,
    );
    this.groups.set(group, table);
    return table;
  }

  private ofClass(roleClass: RoleClass): Table {
    const known = this.classes.get(roleClass);
    if (known !== undefined) return known;
    const table = this.ranks.map((rank) =>
      roleClass.modules.reduce((sum, module) => sum + (this.measure.count(module, rank)?.trainable ?? Number.NaN), 0),
    );
    this.classes.set(roleClass, table);
    return table;
  }
}

/** Tables added up rank by rank, for groups that share one. */
export function sum(tables: readonly Table[], length: number): Table {
  const [only, ...more] = tables;
  if (only !== undefined && more.length === 0) return only;
  return Array.from({ length }, (_, index) => tables.reduce((total, table) => total + (table[index] ?? Number.NaN), 0));
}
