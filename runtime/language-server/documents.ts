import type { TextDocuments } from "vscode-languageserver/node";
import type { TextDocument } from "vscode-languageserver-textdocument";
import { type Facts, factsOf, OpenSpec } from "../../compiler/editor/index.ts";
import type { Compiled } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { readText } from "../files/index.ts";
import { EditorLibrary } from "./library.ts";
import { pathOfUri } from "./places.ts";

/** A document as it is now, and what was last found of it when it compiled. */
export interface OpenDocument {
  readonly uri: string;
  readonly version: number;
  readonly spec: OpenSpec;
  readonly library: EditorLibrary;
}

/** What a document's facts were when it last compiled: a broken file keeps them. */
export interface LastGood {
  readonly facts: Facts;
  readonly elements: Compiled["elements"];
}

/** The documents that an editor has open. */
export class Documents {
  private readonly opens: TextDocuments<TextDocument>;
  private readonly opened = new Map<string, OpenDocument>();
  private readonly good = new Map<string, LastGood>();

  constructor(texts: TextDocuments<TextDocument>) {
    this.opens = texts;
  }

  /** A document as its text is now; null when it is not open. */
  get(uri: string): OpenDocument | null {
    const text = this.opens.get(uri);
    if (text === undefined) return null;
    const known = this.opened.get(uri);
    if (known?.version === text.version) return known;
    const path = pathOfUri(uri);
    const { spec, library } = this.opening(path, text.getText());
    const document = { uri, version: text.version, spec, library };
    this.opened.set(uri, document);
    return document;
  }

  /** A spec that may be open; null where it cannot be read. `isWanted` is asked of its text first. */
  specAt(path: string, isWanted: (text: string) => boolean): OpenSpec | null {
    const uri = this.uriAt(path);
    const document = uri === undefined ? null : this.get(uri);
    if (document !== null) return document.spec;
    const file = readText(path);
    return file.kind === "text" && isWanted(file.text) ? this.opening(path, file.text).spec : null;
  }

  private opening(path: string, text: string): Pick<OpenDocument, "spec" | "library"> {
    const library = new EditorLibrary(path, (other) => this.textAt(other));
    return { spec: new OpenSpec(createSource(path, text), library), library };
  }

  /** What was found when the document last compiled; nothing before that. */
  lastGood({ uri, spec }: OpenDocument): LastGood {
    const facts = factsOf(spec);
    const known = this.good.get(uri) ?? { facts: new Map(), elements: [] };
    const { elements } = spec.compiled;
    const found = { facts: facts ?? known.facts, elements: elements.length > 0 ? elements : known.elements };
    this.good.set(uri, found);
    return found;
  }

  /** A file that others import has changed, so that what they mean may have. */
  forgetOthers(uri: string): void {
    for (const other of this.opened.keys()) if (other !== uri) this.opened.delete(other);
  }

  close(uri: string): void {
    this.opened.delete(uri);
    this.good.delete(uri);
  }

  all(): readonly string[] {
    return this.opens.keys();
  }

  private uriAt(path: string): string | undefined {
    return this.opens.keys().find((each) => pathOfUri(each) === path);
  }

  /** What is open, by its paths. */
  texts(): readonly (readonly [path: string, text: string])[] {
    return this.opens.all().map((document) => [pathOfUri(document.uri), document.getText()]);
  }

  textAt(path: string): string | null {
    const uri = this.uriAt(path);
    return uri === undefined ? null : (this.opens.get(uri)?.getText() ?? null);
  }
}
