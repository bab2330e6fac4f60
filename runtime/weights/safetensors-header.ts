import { bytesOf, countOf, isStoredDtype, type StoredDtype } from "./elements.ts";
import { FormatError } from "./format-error.ts";
import { JsonReader } from "./json-reader.ts";
import { limits } from "./limits.ts";

/** What a safetensors file says of itself: its tensors as they are in the data, and texts by their names. */
export interface SafetensorsHeader {
  readonly entries: readonly HeaderEntry[];
  readonly metadata: ReadonlyMap<string, string>;
}

/** A tensor as the header has it; its bytes count from the start of the data. */
export interface HeaderEntry {
  readonly name: string;
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
}

/** Reads the header's JSON; refuses with a FormatError what does not keep to the format. */
export function readHeader(file: string, bytes: Uint8Array): SafetensorsHeader {
  const text = decodeHeader(file, bytes);
  if (!text.startsWith("{")) throw new FormatError(file, "its header does not start with `{`");
  const entries: HeaderEntry[] = [];
  const metadata = new Map<string, string>();
  const reader = new JsonReader(text, (problem) => new FormatError(file, `its header is malformed: ${problem}`));
  reader.object((name) => {
    if (name.length > limits.name) throw new FormatError(file, `a name in it has more than ${limits.name} characters`);
    if (entries.length === limits.tensors) throw new FormatError(file, `it has more than ${limits.tensors} tensors`);
    if (name !== "__metadata__") entries.push(readEntry(file, name, reader));
    else if (reader.peek() === "{") reader.object((key) => metadata.set(key, reader.string()));
    else throw new FormatError(file, "`__metadata__` has a value that is not a string");
  });
  reader.end();
  return { entries, metadata };
}

function decodeHeader(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FormatError(file, "its header is not UTF-8");
  }
}

function readEntry(file: string, name: string, reader: JsonReader): HeaderEntry {
  if (reader.peek() !== "{") throw new FormatError(file, `\`${name}\` has no description`);
  let dtype: string | null = null;
  let shape: readonly number[] | null = null;
  let offsets: readonly number[] | null = null;
  reader.object((key) => {
    if (key === "dtype" && reader.peek() === '"') dtype = reader.string();
    else if (key === "shape") shape = readSizes(reader);
    else if (key === "data_offsets") offsets = readSizes(reader);
    else reader.skip();
  });
  return checkEntry(file, name, dtype, shape, offsets);
}

function checkEntry(
  file: string,
  name: string,
  dtype: string | null,
  shape: readonly number[] | null,
  offsets: readonly number[] | null,
): HeaderEntry {
  if (dtype === null || !isStoredDtype(dtype)) {
    const what = dtype === null ? "no dtype" : `the dtype \`${dtype}\`, which is not read`;
    throw new FormatError(file, `\`${name}\` has ${what}`);
  }
  if (shape === null) throw new FormatError(file, `\`${name}\` has no shape of at most ${limits.axes} whole numbers`);
  const [from, to] = offsets ?? [];
  if (from === undefined || to === undefined || offsets?.length !== 2 || to < from) {
    throw new FormatError(file, `\`${name}\` has no valid data_offsets`);
  }
  const bytes = countOf(shape) * bytesOf(dtype);
  if (to - from !== bytes) {
    throw new FormatError(file, `\`${name}\` has ${to - from} bytes, but its shape needs ${bytes}`);
  }
  return { name, dtype, shape, from, to };
}

/** A list of whole numbers, not more than a tensor has axes; null for anything else. */
function readSizes(reader: JsonReader): readonly number[] | null {
  if (reader.peek() !== "[") {
    reader.skip();
    return null;
  }
  const sizes: (number | null)[] = [];
  reader.list(() => {
    const size = reader.size();
    if (sizes.length <= limits.axes) sizes.push(size);
  });
  if (sizes.length > limits.axes) return null;
  const whole = sizes.filter((size) => size !== null);
  return whole.length === sizes.length ? whole : null;
}
