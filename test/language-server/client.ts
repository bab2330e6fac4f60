import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  createMessageConnection,
  type Diagnostic,
  type MessageConnection,
  type Position,
  type PublishDiagnosticsParams,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import { createSource, positionAt } from "../../grammar/index.ts";

/** An editor with `medctc lsp` behind it, which speaks to it as editors do. */
export class Editor {
  readonly connection: MessageConnection;
  /** What the server wrote to standard error. */
  errors = "";
  private readonly ended: Promise<number | null>;
  private readonly texts = new Map<string, { version: number; text: string }>();
  private readonly published = new Map<string, PublishDiagnosticsParams>();
  private readonly waiting: (() => void)[] = [];

  /** `cache` is where it looks for rates of the machine; a folder without any, unless it is said. */
  constructor(cache = join(tmpdir(), "medctc-no-cache")) {
    // As VS Code's client starts it.
    const flags = ["--stdio", `--clientProcessId=${process.pid}`];
    const server = spawn(process.execPath, ["dist/medctc.js", "lsp", ...flags], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, MEDCTC_CACHE: cache },
    });
    this.ended = new Promise((resolve) => server.on("exit", resolve));
    server.stderr.on("data", (data: Buffer) => {
      this.errors += data.toString();
    });
    this.connection = createMessageConnection(
      new StreamMessageReader(server.stdout),
      new StreamMessageWriter(server.stdin),
    );
    this.connection.onNotification("textDocument/publishDiagnostics", (parameters: PublishDiagnosticsParams) => {
      this.published.set(parameters.uri, parameters);
      for (const wake of this.waiting.splice(0)) wake();
    });
    this.connection.onRequest("workspace/inlayHint/refresh", () => null);
    this.connection.listen();
  }

  /** Shakes hands; gives what the server can do. */
  async start(): Promise<{ readonly capabilities: Readonly<Record<string, unknown>> }> {
    const capabilities = { workspace: { inlayHint: { refreshSupport: true } }, textDocument: {} };
    const result = await this.connection.sendRequest<{ capabilities: Record<string, unknown> }>("initialize", {
      processId: process.pid,
      rootUri: pathToFileURL(process.cwd()).href,
      capabilities,
    });
    await this.connection.sendNotification("initialized", {});
    return result;
  }

  /** Opens a file with its text, or another one; gives its address and what is wrong with it. */
  async open(path: string, text = readFileSync(path, "utf8")): Promise<string> {
    const uri = pathToFileURL(path).href;
    this.texts.set(uri, { version: 1, text });
    await this.connection.sendNotification("textDocument/didOpen", {
      textDocument: { uri, languageId: "vlm", version: 1, text },
    });
    await this.diagnostics(uri);
    return uri;
  }

  async close(uri: string): Promise<void> {
    this.texts.delete(uri);
    this.published.delete(uri);
    await this.connection.sendNotification("textDocument/didClose", { textDocument: { uri } });
  }

  text(uri: string): string {
    const known = this.texts.get(uri);
    if (known === undefined) throw new Error(`${uri} is not open`);
    return known.text;
  }

  /** Puts another text in the place of a stretch of a document. */
  async edit(uri: string, start: number, end: number, text: string): Promise<void> {
    const before = this.text(uri);
    const source = createSource(uri, before);
    const range = { start: positionAt(source, start), end: positionAt(source, end) };
    const version = (this.texts.get(uri)?.version ?? 0) + 1;
    this.texts.set(uri, { version, text: before.slice(0, start) + text + before.slice(end) });
    await this.connection.sendNotification("textDocument/didChange", {
      textDocument: { uri, version },
      contentChanges: [{ range, text }],
    });
  }

  /** What is wrong with a document as it is now. */
  async diagnostics(uri: string): Promise<readonly Diagnostic[]> {
    for (;;) {
      const known = this.published.get(uri);
      if (known !== undefined && known.version === this.texts.get(uri)?.version) return known.diagnostics;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** Asks for a feature, at an offset where it is about a place. */
  async ask<Answer>(feature: string, uri: string, offset: number | null = null, more: object = {}): Promise<Answer> {
    const place = offset === null ? {} : { position: this.positionOf(uri, offset) };
    return this.connection.sendRequest(`textDocument/${feature}`, { textDocument: { uri }, ...place, ...more });
  }

  positionOf(uri: string, offset: number): Position {
    return positionAt(createSource(uri, this.text(uri)), offset);
  }

  offsetOf(uri: string, { line, character }: Position): number {
    const lines = this.text(uri).split("\n").slice(0, line);
    return lines.reduce((sum, each) => sum + each.length + 1, 0) + character;
  }

  /** Ends the server; gives its exit status. */
  async end(): Promise<number | null> {
    await this.connection.sendRequest("shutdown");
    await this.connection.sendNotification("exit");
    return this.ended;
  }
}
