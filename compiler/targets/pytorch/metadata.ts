import type { WrittenModel } from "../../programs/index.ts";
import type { Json, WrittenBy } from "../target.ts";
import { layOut, type Python, text, word } from "./python.ts";

/** The file `metadata.py`: the spec as it was, what its inputs are made of, and what wrote the package. */
export function metadataSource({ program }: WrittenModel, written: WrittenBy): string {
  const { version, sha256, text: given, contract } = written;
  const { source } = program.entry;
  const spec = given ?? source.text;
  const isPlain = !spec.includes('"""') && !spec.endsWith('"') && !spec.includes("\r");
  const lines = isPlain ? `"""\\\n${spec.replaceAll("\\", "\\\\")}"""` : JSON.stringify(spec);
  return `"""What this package was written of, and by what."""
${contract === undefined ? "" : "\nfrom typing import Any\n"}
COMPILER = ${JSON.stringify(`medctc ${version}`)}
SPEC_NAME = ${JSON.stringify(source.name)}
SPEC_SHA256 = ${JSON.stringify(sha256(spec))}
${contract === undefined ? "" : contractLines(contract)}SPEC = ${lines}
`;
}

function contractLines(contract: Json): string {
  const lines = [
    "# What files and texts become before they are inputs, as checkpoints and adapters record it. Lists of",
    "# a volume are in the order of `axes`, spacing in mm, windows in Hounsfield units.",
    ...layOut(0, "CONTRACT: dict[str, Any] = ", pythonOf(contract)),
  ];
  return `${lines.join("\n")}\n`;
}

/** JSON as Python writes it. */
function pythonOf(json: Json): Python {
  if (json === null) return word("None");
  if (typeof json === "string") return text(json);
  if (typeof json === "number") return word(String(json));
  if (typeof json === "boolean") return word(json ? "True" : "False");
  if (isList(json)) return { kind: "list", elements: json.map(pythonOf) };
  return { kind: "dict", entries: Object.entries(json).map(([name, value]) => ({ name, value: pythonOf(value) })) };
}

function isList(json: Json): json is readonly Json[] {
  return Array.isArray(json);
}
