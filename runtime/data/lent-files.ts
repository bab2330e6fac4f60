import type { InputValues, LoadedRow } from "./row-inputs.ts";
import type { ExampleLoader } from "./volume-loader.ts";

/** What a loader gave and a model reads, until it is done with that. */
export class LentFiles {
  private readonly loader: Pick<ExampleLoader, "takeBack">;
  private readonly lent = new WeakSet<Float32Array>();

  constructor(loader: Pick<ExampleLoader, "takeBack">) {
    this.loader = loader;
  }

  /** Rows that were made inputs. Files that were copied for that are given back at once. */
  lend(rows: readonly LoadedRow[], inputs: InputValues): void {
    const given = new Set<unknown>(inputs.values());
    for (const values of rows.flatMap(({ files }) => files)) {
      if (given.has(values)) this.lent.add(values);
      else this.loader.takeBack([values]);
    }
  }

  /** Gives back what was lent of inputs that nobody reads any more. */
  giveBack(inputs: InputValues): void {
    for (const values of inputs.values()) {
      if (values instanceof Float32Array && this.lent.delete(values)) this.loader.takeBack([values]);
    }
  }
}
