import { type Diagnostic, report } from "../../grammar/index.ts";
import { type OpenTensors, openTensors, type PlacedTensor } from "../weights/index.ts";
import { plainNames } from "./peft-names.ts";

/** A file of tensors by their plain names, whoever wrapped the model that it was saved of. */
export interface OpenModel extends OpenTensors {
  /** The names in the file by the plain ones. */
  readonly inFile: ReadonlyMap<string, string>;
  /** The names in the file of tensors that belong to other adapters than the one that is taken. */
  readonly ofOthers: readonly string[];
  /** Whether the file's names are those that PEFT gives. */
  readonly isPeft: boolean;
  /** Whether medctc wrote the file of adapters: it records what they were trained on. */
  readonly isOwn: boolean;
}

/** What all records that medctc writes into a file begin with. */
const ownRecord = "medctc.";

/** Adapters that are named of those in a file. */
const mostNamed = 8;

/**
 * Opens a file as `openTensors` does, with plain names. `adapter` names one of several that a PeftModel has; without it, several are
 * refused.
 */
export function openModelFile(
  path: string,
  adapter: string | null = null,
): OpenModel | { readonly kind: "wrong"; readonly diagnostic: Diagnostic } {
  const opened = openTensors(path);
  if (opened.kind === "wrong") return opened;
  const { names, adapters, isPeft } = plainNames(opened.tensors.keys(), adapter);
  const isAsked = adapter === null ? adapters.length < 2 : adapters.length === 0 || adapters.includes(adapter);
  if (!isAsked) {
    opened.close();
    return { kind: "wrong", diagnostic: severalAdapters(path, adapters, adapter) };
  }
  const tensors = new Map<string, PlacedTensor>();
  for (const [name, inFile] of names) {
    const tensor = opened.tensors.get(inFile);
    if (tensor !== undefined) tensors.set(name, tensor);
  }
  const taken = new Set(names.values());
  const ofOthers = [...opened.tensors.keys()].filter((name) => !taken.has(name));
  const isOwn = [...opened.metadata.keys()].some((key) => key.startsWith(ownRecord));
  return { ...opened, tensors, inFile: names, ofOthers, isPeft, isOwn };
}

function severalAdapters(path: string, adapters: readonly string[], asked: string | null): Diagnostic {
  const named = adapters.slice(0, mostNamed).map((name) => `\`${name}\``);
  const more = adapters.length - named.length;
  const problem = `it has the adapters ${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  const none = asked === null ? "" : `, not \`${asked}\``;
  return report(
    "bad-tensor-file",
    path,
    { path, problem: `${problem}${none}` },
    { help: `name one with --adapter-name, such as --adapter-name ${adapters[0] ?? ""}` },
  );
}
