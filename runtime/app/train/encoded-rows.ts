import { logitsOutput } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import type { Example } from "../../data/index.ts";
import type { EncodedVolumes } from "../../evaluate/index.ts";
import type { Problem } from "../../text/index.ts";
import type { EncodedRows } from "../../train/index.ts";
import { encodeHeldOut, type HeldOutRequest } from "../evaluate/encode-held-out.ts";
import type { Reporter } from "../reporter.ts";

/** What a loss can take of held-out examples. */
export type EncodingOfRows =
  | { readonly kind: "encoded"; readonly rows: EncodedRows; readonly skipped: readonly Problem[] }
  | { readonly kind: "wrong"; readonly problem: Problem }
  | { readonly kind: "stopped" };

/**
 * What is encoded of the examples of a loss: what the tasks of classes encoded already, and the others, such as those without labels, now.
 * Examples that tasks left out because they are bad are tried again, and said to be bad again.
 */
export async function encodeRows(
  examples: readonly Example[],
  encoded: EncodedVolumes,
  request: HeldOutRequest,
  reporter: Reporter,
): Promise<EncodingOfRows> {
  const known = rowsOf(encoded);
  const missing = examples.filter(({ name }) => !known.has(name));
  if (missing.length === 0) return { kind: "encoded", rows: known, skipped: [] };
  const dataset = { ...request.dataset, examples: missing };
  const found = await encodeHeldOut({ ...request, dataset }, { doing: "validating", withReports: false }, reporter);
  if (found.kind !== "encoded") return found;
  return { kind: "encoded", rows: new Map([...known, ...rowsOf(found.volumes)]), skipped: found.skipped };
}

/** The outputs of `encode_image` for each volume, by its name. */
function rowsOf({ names, images, logits }: EncodedVolumes): EncodedRows {
  const outputs = new Map([
    ...(images === null ? [] : [["latent", images] as const]),
    ...[...logits].map(([task, values]) => [logitsOutput(task), values] as const),
  ]);
  const of = (place: number): ReadonlyMap<string, Float32Array> =>
    new Map([...outputs].map(([output, rows]) => [output, at(rows, place)]));
  return new Map(names.map((name, place) => [name, of(place)]));
}
