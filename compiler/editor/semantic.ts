import { lex, type Span } from "../../grammar/index.ts";
import { isBuiltinName } from "../elaborate/index.ts";
import type { Declaration } from "./declarations.ts";
import type { OpenSpec } from "./open-spec.ts";
import { settingsIn } from "./parts.ts";

/** What a name is, as editors colour it; in the words of the Language Server Protocol. */
export const nameKinds = [
  "namespace",
  "class",
  "function",
  "type",
  "enumMember",
  "parameter",
  "variable",
  "property",
  "decorator",
] as const;
export type NameKind = (typeof nameKinds)[number];

export interface ColouredName {
  readonly span: Span;
  readonly kind: NameKind;
  readonly isDeclaration: boolean;
  /** Whether the language itself or its library declares it. */
  readonly isLibrary: boolean;
}

/** The names of a spec with what they are, in its order. */
export function coloursOf(spec: OpenSpec): readonly ColouredName[] {
  const { source } = spec;
  const names = spec.namesOf().uses.map(
    ({ span, declaration }): ColouredName => ({
      span,
      kind: kindOf(declaration),
      isDeclaration: declaration.name.span.source === source && declaration.name.span.start === span.start,
      isLibrary: declaration.name.span.source.name.startsWith("std/"),
    }),
  );
  const settings = settingsIn(spec.file).map(
    ({ setting: { name } }): ColouredName => ({
      span: name.span,
      kind: "property",
      isDeclaration: false,
      isLibrary: true,
    }),
  );
  const taken = new Set([...names, ...settings].map(({ span }) => span.start));
  return [...names, ...settings, ...operationsIn(spec, taken)].sort((a, b) => a.span.start - b.span.start);
}

function kindOf({ kind }: Declaration): NameKind {
  switch (kind) {
    case "function":
    case "loss":
      return "function";
    case "module":
    case "model":
      return "class";
    case "adapter":
      return "decorator";
    case "family":
      return "type";
    case "role":
      return "enumMember";
    case "import":
      return "namespace";
    case "parameter":
    case "size":
      return "parameter";
    case "let":
    case "variable":
    case "base":
    case "input":
    case "metric":
      return "variable";
    case "encoder":
    case "param":
    case "optional-buffer":
    case "part":
      return "property";
  }
}

/** Operations that every file knows, where they are called. */
function operationsIn({ source }: OpenSpec, taken: ReadonlySet<number>): readonly ColouredName[] {
  const { tokens } = lex(source.text);
  return tokens.flatMap(({ image, startOffset }, index): readonly ColouredName[] => {
    const follows = tokens[index + 1]?.image;
    const isCalled = follows === "(" || tokens[index - 1]?.image === "|>";
    if (!isBuiltinName(image) || !isCalled || taken.has(startOffset) || tokens[index - 1]?.image === ".") return [];
    const span = { source, start: startOffset, end: startOffset + image.length };
    return [{ span, kind: "function", isDeclaration: false, isLibrary: true }];
  });
}
