import { resolve } from "node:path";
import {
  CodeActionKind,
  type Connection,
  type InitializeResult,
  LSPErrorCodes,
  MarkupKind,
  ResponseError,
  type TextDocumentPositionParams,
  TextDocumentSyncKind,
  TextDocuments,
} from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import {
  completeAt,
  definitionAt,
  type Hover,
  hoverAt,
  type Manual,
  signatureAt,
} from "../../compiler/editor/index.ts";
import { rangeOf } from "../../grammar/index.ts";
import { diagnosticsOf, fixesOf } from "./diagnostics.ts";
import { Documents, type OpenDocument } from "./documents.ts";
import {
  completionItem,
  foldingsOf,
  formattingOf,
  hintsOf,
  semanticLegend,
  semanticTokensOf,
  symbolInformation,
  symbolsOf,
} from "./features.ts";
import { MemoryFacts, memoryTaskOf, wholeOf } from "./memory-facts.ts";
import { changesOf, locationOf, pathOfUri } from "./places.ts";
import { Workspace } from "./workspace.ts";

const capabilities: InitializeResult["capabilities"] = {
  textDocumentSync: TextDocumentSyncKind.Incremental,
  hoverProvider: true,
  completionProvider: { triggerCharacters: [".", '"', "(", ",", " "] },
  signatureHelpProvider: { triggerCharacters: ["(", ","] },
  definitionProvider: true,
  referencesProvider: true,
  renameProvider: { prepareProvider: true },
  documentSymbolProvider: true,
  workspaceSymbolProvider: true,
  foldingRangeProvider: true,
  documentFormattingProvider: true,
  semanticTokensProvider: { legend: semanticLegend, full: true },
  inlayHintProvider: true,
  codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
};

/** Answers an editor over a connection until it asks to exit. `version` is the program's. */
export function serve(connection: Connection, manual: Manual, version: string): void {
  const texts = new TextDocuments(TextDocument);
  const documents = new Documents(texts);
  let workspace = new Workspace([], documents);
  let refreshesHints = false;

  connection.onInitialize(({ capabilities: client, workspaceFolders, rootUri }) => {
    const roots = workspaceFolders?.map(({ uri }) => uri) ?? (rootUri === null ? [] : [rootUri]);
    workspace = new Workspace(
      roots.filter((uri) => uri.startsWith("file:")).map((uri) => resolve(pathOfUri(uri))),
      documents,
    );
    refreshesHints = client.workspace?.inlayHint?.refreshSupport === true;
    return { capabilities, serverInfo: { name: "medctc", version } };
  });

  /** Documents to look at when all that has come by then is read: keys that follow each other fast are looked at once. */
  const changed = new Set<string>();
  const check = (): void => {
    for (const uri of changed) {
      const document = documents.get(uri);
      if (document === null) continue;
      const { version: at } = document;
      void connection.sendDiagnostics({ uri, version: at, diagnostics: [...diagnosticsOf(document)] });
      documents.lastGood(document);
    }
    for (const uri of changed) memory.askSoon(uri);
    changed.clear();
    refreshHints();
  };
  const refreshHints = (): void => {
    if (refreshesHints) void connection.languages.inlayHint.refresh();
  };
  const memory = new MemoryFacts((uri) => {
    const document = documents.get(uri);
    return document === null ? null : memoryTaskOf(document, documents);
  }, refreshHints);
  const schedule = (uri: string): void => {
    if (changed.size === 0) setImmediate(check);
    changed.add(uri);
  };
  texts.onDidChangeContent(({ document: { uri } }) => {
    documents.forgetOthers(uri);
    for (const each of [uri, ...documents.all()]) schedule(each);
  });
  texts.onDidClose(({ document: { uri } }) => {
    documents.close(uri);
    memory.forget(uri);
    void connection.sendDiagnostics({ uri, diagnostics: [] });
  });

  /** Answers from a document at a place of it; with nothing where the document is not open. */
  const at =
    <Answer>(answer: (document: OpenDocument, offset: number) => Answer) =>
    ({ textDocument: { uri }, position }: TextDocumentPositionParams): Answer | null => {
      const document = documents.get(uri);
      const offset = texts.get(uri)?.offsetAt(position);
      return document === null || offset === undefined ? null : answer(document, offset);
    };
  const of =
    <Answer>(answer: (document: OpenDocument) => Answer) =>
    ({ textDocument: { uri } }: Pick<TextDocumentPositionParams, "textDocument">): Answer | null => {
      const document = documents.get(uri);
      return document === null ? null : answer(document);
    };

  connection.onHover(at(({ spec }, offset) => hoverOf(hoverAt(spec, offset, manual))));
  connection.onCompletion(
    at((document, offset) => {
      const { elements } = documents.lastGood(document);
      const libraryNames = document.library.names().map((name) => `std/${name}`);
      const { start, suggestions } = completeAt(document.spec, offset, { elements, libraryNames, manual });
      return suggestions.map((each) => completionItem(document, each, start, offset));
    }),
  );
  connection.onSignatureHelp(
    at(({ spec }, offset) => {
      const found = signatureAt(spec, offset, manual);
      if (found === null) return null;
      const { label, parameters, active, about } = found;
      const documentation = { kind: MarkupKind.Markdown, value: about };
      const signature = { label, documentation, parameters: parameters.map((each) => ({ label: each })) };
      return { signatures: [signature], activeSignature: 0, activeParameter: active };
    }),
  );
  connection.onDefinition(
    at(({ spec }, offset) => {
      const found = definitionAt(spec, offset);
      return found === null ? null : locationOf(found);
    }),
  );
  connection.onReferences((parameters) => {
    const { includeDeclaration } = parameters.context;
    return at(({ spec }, offset) => {
      const declared = definitionAt(spec, offset);
      return workspace
        .references(spec, offset)
        .filter((span) => includeDeclaration || span.start !== declared?.start || span.source !== declared.source)
        .map(locationOf);
    })(parameters);
  });
  connection.onPrepareRename(
    at(({ spec }, offset) => {
      const span = workspace.renamable(spec, offset);
      return span === null ? null : rangeOf(span);
    }),
  );
  connection.onRenameRequest((parameters) =>
    at(({ spec }, offset) => {
      const renaming = workspace.rename(spec, offset, parameters.newName);
      if (renaming.kind === "refused") throw new ResponseError(LSPErrorCodes.RequestFailed, renaming.reason);
      return { changes: changesOf(renaming.spans, parameters.newName) };
    })(parameters),
  );
  connection.onWorkspaceSymbol(({ query }) => workspace.symbols(query).map(symbolInformation));
  connection.onCodeAction(({ textDocument: { uri }, range }) => {
    const document = documents.get(uri);
    return document === null ? null : [...fixesOf(document, range)];
  });
  connection.onDocumentSymbol(of((document) => [...symbolsOf(document)]));
  connection.onFoldingRanges(of((document) => [...foldingsOf(document)]));
  connection.onDocumentFormatting(of((document) => [...formattingOf(document)]));
  connection.languages.semanticTokens.on((parameters) => of(semanticTokensOf)(parameters) ?? { data: [] });
  connection.languages.inlayHint.on(
    of((document) => {
      const known = memory.of(document.uri, wholeOf(document));
      return [...hintsOf(document, documents.lastGood(document), known)];
    }),
  );
  texts.listen(connection);
  connection.listen();
}

function hoverOf(hover: Hover | null) {
  if (hover === null) return null;
  const { span, code, lines } = hover;
  const block = code === null ? [] : [`\`\`\`vlm\n${code}\n\`\`\``];
  return { contents: { kind: MarkupKind.Markdown, value: [...block, ...lines].join("\n\n") }, range: rangeOf(span) };
}
