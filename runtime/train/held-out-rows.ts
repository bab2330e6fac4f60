import type { Validation } from "../../compiler/index.ts";
import { at } from "../at.ts";
import type { Batch } from "../backends/index.ts";
import {
  type DataInputs,
  type Example,
  type ExampleLoader,
  fileInputs,
  fileValues,
  LentFiles,
  type LoadedExample,
  type LoadedRow,
  loadExactly,
} from "../data/index.ts";
import { joined } from "../weights/index.ts";

/** Where a loss has the files of held-out examples from, or what was made of them. */
export interface HeldOutRows {
  /** What is there of an example, while the next ones are read ahead; null where it was found to be bad before. */
  readonly load: (example: Example, next: readonly Example[]) => Promise<LoadedExample | null>;
  readonly inputsOf: (rows: readonly LoadedRow[]) => Batch;
  /** Hears which inputs are not read any more. */
  readonly done: (inputs: Batch) => void;
}

/** Reads files as the inputs of a model take them. */
export function rowsOfFiles(loader: ExampleLoader, inputs: DataInputs): HeldOutRows {
  const files = fileInputs(inputs);
  const lent = new LentFiles(loader);
  return {
    load: (example, next) => loadExactly(loader, example, next, files),
    inputsOf: (rows) => {
      const values = fileValues(rows, inputs);
      lent.lend(rows, values);
      return values;
    },
    done: (values) => lent.giveBack(values),
  };
}

/** What `encode_image` gave of examples: by the names of these, its outputs. */
export type EncodedRows = ReadonlyMap<string, ReadonlyMap<string, Float32Array>>;

/** Takes what was encoded already. */
export function rowsOfEncoded(known: EncodedRows, inputs: NonNullable<Validation["encoded"]>): HeldOutRows {
  const outputs = [...inputs.keys()];
  return {
    load: ({ name }) => {
      const encoded = known.get(name);
      const files = outputs.flatMap((output) => encoded?.get(output) ?? []);
      return Promise.resolve(encoded === undefined ? null : { kind: "ok", value: files });
    },
    inputsOf: (rows) =>
      new Map(
        [...inputs.values()].map((name, place) => {
          const values = rows.map(({ files }) => at(files, place));
          return [name, joined(values, rows.length * at(values, 0).length)];
        }),
      ),
    done: () => undefined,
  };
}
