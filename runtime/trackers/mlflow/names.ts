/** Characters of a name that stay as they are: MLflow takes no others, on Windows neither. */
const plain = /[\p{L}\p{Nd}\- ]/u;

/** Characters that MLflow takes of a name, and bytes that file systems take of a part of one. */
const longestKey = 250;
const longestPart = 255;

/**
 * The name of a metric for MLflow, which has a file of that name: what stands before the first slash is a folder, each later slash is a
 * dot, since `train/loss` cannot be a file and the folder of `train/loss/contrastive`, and each other character that is not plain is
 * `_xHEX_`, as spreadsheets write them. `decodeMetric` gives the name again.
 */
export function encodeMetric(name: string): string {
  const slash = name.indexOf("/");
  if (slash === -1) return encodePart(name);
  return `${encodePart(name.slice(0, slash))}/${encodePart(name.slice(slash + 1))}`;
}

export function decodeMetric(key: string): string {
  return key.replaceAll(".", "/").replaceAll(/_x([0-9A-F]+)_/g, (_, hex: string) => {
    return String.fromCodePoint(Number.parseInt(hex, 16));
  });
}

function encodePart(text: string): string {
  const characters = [...text];
  const encoded = characters.map((character, place) => {
    const isEnd = place === 0 || place === characters.length - 1;
    if (character === "/") return isEnd ? escapeOf(character) : ".";
    // What follows could be taken for an escape.
    if (character === "_") return characters[place + 1] === "x" ? escapeOf(character) : character;
    return plain.test(character) && !(isEnd && character === " ") ? character : escapeOf(character);
  });
  return encoded.join("");
}

function escapeOf(character: string): string {
  return `_x${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}_`;
}

/** Why MLflow, or a file system, does not take a name; null where both do. */
export function whyNotKey(key: string): string | null {
  const { length } = [...key];
  if (key === "" || key.split("/").includes("")) return "is empty";
  if (length > longestKey) return `takes ${length} characters; MLflow takes ${longestKey}`;
  const bytes = Math.max(...key.split("/").map((part) => Buffer.byteLength(part)));
  return bytes > longestPart ? `takes ${bytes} bytes; file names have ${longestPart}` : null;
}
