import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { pytorchTarget } from "../../../../compiler/index.ts";
import { positionAt } from "../../../../grammar/index.ts";
import { contractOfSpec } from "../../../data/spec-contract.ts";
import { version } from "../../../machine/version.ts";
import type { Package } from "../protocol.ts";
import { doesNotCompile } from "./print.ts";
import type { Opened } from "./session.ts";

/** The files that `medctc compile --target pytorch` writes of a spec; what trains them is the same for all and not among them. */
export function packageOf({ spec: open, library }: Opened): Package {
  const { spec } = open.compiled;
  if (spec === null) return doesNotCompile;
  const files = pytorchTarget.files(spec, {
    version,
    sha256: (text) => bytesToHex(sha256(utf8ToBytes(text))),
    contract: contractOfSpec(spec),
    text: library.wholeText(open.source.text),
  });
  if ("span" in files) {
    const { line, character } = positionAt(files.span.source, files.span.start);
    return {
      kind: "refused",
      why: `${files.span.source.name}:${line + 1}:${character + 1}: this target cannot express it: ${files.message}`,
    };
  }
  return {
    kind: "files",
    files: files.flatMap(({ name, content }) => (typeof content === "string" ? [{ name, text: content }] : [])),
  };
}
