import { type Example, storedBytes } from "../../data/index.ts";

/**
 * What a data set says of an example and of the size of its files, as one line for a hash. `noLabels` stands for labels that were not
 * asked for. What examples of one file and one text lack is left out, so that their lines stay what they were.
 */
export function exampleRecord(
  { name, files, metadata, texts, labels }: Example,
  noLabels: null | readonly never[],
): string {
  const [bytes = null, ...others] = files.map(storedBytes);
  const [report = null, ...more] = texts;
  const rest = [...others, ...more];
  const cells = labels === null ? noLabels : [...labels];
  return `${JSON.stringify([name, bytes, metadata, report, cells, ...(rest.length === 0 ? [] : [rest])])}\n`;
}
