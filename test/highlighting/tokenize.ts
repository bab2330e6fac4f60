import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import oniguruma from "vscode-oniguruma";
import textmate from "vscode-textmate";
import { markdownInjection, type TextMateGrammar, textMateGrammar } from "../../grammar/highlighting/textmate.ts";

/** A stretch of a text with its scopes, the innermost last. */
export interface Scoped {
  readonly start: number;
  readonly text: string;
  readonly scopes: readonly string[];
}

const wasm = createRequire(import.meta.url).resolve("vscode-oniguruma/release/onig.wasm");
await oniguruma.loadWASM(Uint8Array.from(readFileSync(wasm)));

/**
 * As much of a grammar of Markdown as shows that the injected one comes first: every fenced block is code of a language that it does
 * not know.
 */
const markdown = {
  scopeName: "text.html.markdown",
  patterns: [
    { name: "markup.fenced_code.unknown", begin: "(^|\\G)(`{3,})(.*)$", end: "(^|\\G)\\2\\s*$" },
    { name: "markup.heading", match: "^#+ .*$" },
  ],
};

const grammars: Readonly<Record<string, object>> = {
  "source.vlm": textMateGrammar,
  "markdown.vlm.codeblock": markdownInjection,
  "text.html.markdown": markdown,
} satisfies Record<string, TextMateGrammar | typeof markdown>;

/** The engine of VS Code, with its regular expressions. */
const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: (scope) => {
    const grammar = grammars[scope];
    return Promise.resolve(
      grammar === undefined ? null : textmate.parseRawGrammar(JSON.stringify(grammar), "grammar.json"),
    );
  },
  getInjections: (scope) => (scope === "text.html.markdown" ? ["markdown.vlm.codeblock"] : []),
});

/** Splits a text as VS Code does, by a grammar of the extension or by that of Markdown with the injected one. */
export async function tokenize(text: string, scope = "source.vlm"): Promise<readonly Scoped[]> {
  const grammar = await registry.loadGrammar(scope);
  if (grammar === null) throw new Error(`there is no grammar of ${scope}`);
  const found: Scoped[] = [];
  let stack = textmate.INITIAL;
  let lineStart = 0;
  for (const line of text.split("\n")) {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, stack);
    for (const { startIndex, endIndex, scopes } of tokens) {
      found.push({ start: lineStart + startIndex, text: line.slice(startIndex, endIndex), scopes });
    }
    stack = ruleStack;
    lineStart += line.length + 1;
  }
  return found;
}
