import { at } from "../../at.ts";
import type { KeptLatents } from "./kept.ts";

/** What a reader gets at once. */
const rowsOfGroup = 10_000;

/**
 * Latents as a Parquet file, a row for each volume: `VolumeName`, `image` as a list of 32-bit floats, `text` the same where reports were
 * encoded, and a column of booleans for each class, which is null where a label is missing. A class of the name of another column has
 * ` (label)` behind it; `classes` in the metadata is a JSON list of these columns.
 */
export async function latentsToParquet({
  names,
  images,
  reports,
  classes,
  labels,
  about,
}: KeptLatents): Promise<Uint8Array> {
  const { ByteWriter, parquetWrite } = await import("hyparquet-writer");
  const taken = new Set(["VolumeName", "image", ...(reports === null ? [] : ["text"])]);
  const columns = classes.map((name) => (taken.has(name) ? `${name} (label)` : name));
  const lists = [["image", images] as const, ...(reports === null ? [] : [["text", reports] as const])];
  const writer = new ByteWriter();
  await parquetWrite({
    writer,
    schema: [
      { name: "root", num_children: 1 + lists.length + columns.length },
      { name: "VolumeName", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" },
      ...lists.flatMap(([name]) => listOfFloats(name)),
      ...columns.map((name) => ({ name, type: "BOOLEAN", repetition_type: "OPTIONAL" }) as const),
    ],
    columnData: [
      { name: "VolumeName", data: [...names] },
      ...lists.map(([name, latents]) => ({ name, data: latents.map((latent) => Array.from(latent)) })),
      ...columns.map((name, index) => ({ name, data: labels.map((row) => at(row, index)) })),
    ],
    kvMetadata: [["classes", JSON.stringify(columns)] as const, ...about].map(([key, value]) => ({ key, value })),
    rowGroupSize: rowsOfGroup,
    createdBy: "medctc",
  });
  return writer.getBytes();
}

/** As pyarrow and the format's own page have lists: three levels. */
function listOfFloats(name: string) {
  return [
    { name, converted_type: "LIST", num_children: 1, repetition_type: "REQUIRED" },
    { name: "list", num_children: 1, repetition_type: "REPEATED" },
    { name: "element", type: "FLOAT", repetition_type: "REQUIRED" },
  ] as const;
}
