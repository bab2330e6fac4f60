import { bytesOf, countOf, type OpenTensors, openTensors, type UnreadType } from "../../weights/index.ts";
import { done, type Ended, type Reporter, refuseBy } from "../reporter.ts";

/** What is in a file of weights. */
export interface InspectedWeights {
  readonly format: OpenTensors["format"];
  readonly tensors: readonly {
    readonly name: string;
    readonly dtype: string;
    readonly shape: readonly number[];
    readonly bytes: number;
  }[];
  readonly totals: { readonly tensors: number; readonly elements: number; readonly bytes: number };
  /** Other names of some of these tensors. */
  readonly aliases: ReadonlyMap<string, string>;
  readonly metadata: ReadonlyMap<string, string>;
  /** Types of objects that are not tensors and were left unread. */
  readonly unread: readonly UnreadType[];
}

/** Lists what is in a file of weights; no tensor of it is read. */
export function inspectWeights(path: string, reporter: Pick<Reporter, "diagnostics">): Ended<InspectedWeights> {
  const opened = openTensors(path);
  if (opened.kind === "wrong") return refuseBy([opened.diagnostic], reporter);
  opened.close();
  const { format, aliases, unread } = opened;
  const metadata = new Map([...opened.metadata].filter(([name]) => !aliases.has(name)));
  const stored = [...opened.tensors].filter(([name]) => !aliases.has(name));
  const tensors = stored.map(([name, { dtype, shape }]) => ({
    name,
    dtype,
    shape,
    bytes: bytesOf(dtype) * countOf(shape),
  }));
  const elements = tensors.reduce((sum, { shape }) => sum + countOf(shape), 0);
  const bytes = tensors.reduce((sum, each) => sum + each.bytes, 0);
  return done({ format, tensors, totals: { tensors: tensors.length, elements, bytes }, aliases, metadata, unread });
}
