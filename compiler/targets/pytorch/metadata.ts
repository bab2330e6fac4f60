import type { WrittenModel } from "../../programs/index.ts";
import type { WrittenBy } from "../target.ts";

/** The file `metadata.py`: the spec as it was, and what wrote the package. */
export function metadataSource({ program }: WrittenModel, { version, sha256, text: given }: WrittenBy): string {
  const { source } = program.entry;
  const spec = given ?? source.text;
  const isPlain = !spec.includes('"""') && !spec.includes("\\") && !spec.includes("\r");
  const text = isPlain ? `"""\\\n${spec}"""` : JSON.stringify(spec);
  return `"""What this package was written of, and by what."""

COMPILER = ${JSON.stringify(`medctc ${version}`)}
SPEC_NAME = ${JSON.stringify(source.name)}
SPEC_SHA256 = ${JSON.stringify(sha256(spec))}
SPEC = ${text}
`;
}
