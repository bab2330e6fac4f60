import * as vscode from "vscode";
import { LanguageClient, type ServerOptions, TransportKind } from "vscode-languageclient/node";
import { findServer } from "./server-command.ts";

const openSettings = "Open Settings";

/** The language server of this window: one at a time, started and stopped in the order in which that is asked for. */
class Server {
  private client: LanguageClient | null = null;
  private last: Promise<void> = Promise.resolve();

  restart(): Promise<void> {
    return this.then(async () => {
      await this.end();
      await this.begin();
    });
  }

  stop(): Promise<void> {
    return this.then(() => this.end());
  }

  private then(what: () => Promise<void>): Promise<void> {
    this.last = this.last.then(what, what);
    return this.last;
  }

  private async end(): Promise<void> {
    const { client } = this;
    this.client = null;
    if (client !== null) await client.dispose();
  }

  /** Starts the server; in a workspace that is not trusted nothing of it may run. */
  private async begin(): Promise<void> {
    if (!vscode.workspace.isTrusted) return;
    const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
    const found = findServer({
      setting: vscode.workspace.getConfiguration("medctc").get("command", "").trim(),
      folders: folders.map(({ uri }) => uri.fsPath),
      path: process.env["PATH"] ?? "",
      platform: process.platform,
    });
    if (found.kind === "missing") {
      complain(found.message);
      return;
    }
    const [folder] = folders;
    const options = folder === undefined ? {} : { cwd: folder.uri.fsPath };
    const server: ServerOptions =
      found.kind === "module"
        ? { module: found.path, args: ["lsp"], transport: TransportKind.stdio, options }
        : { command: found.path, args: ["lsp", "--stdio"], options };
    this.client = new LanguageClient("medctc", "medctc", server, {
      documentSelector: [
        { scheme: "file", language: "vlm" },
        { scheme: "untitled", language: "vlm" },
      ],
    });
    try {
      await this.client.start();
    } catch (error) {
      complain(`${found.path} could not be started: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** Shows what is wrong, and waits for no answer. */
function complain(message: string): void {
  void vscode.window.showErrorMessage(message, openSettings).then((chosen) => {
    if (chosen === openSettings) void vscode.commands.executeCommand("workbench.action.openSettings", "medctc.command");
  });
}

const server = new Server();

/** Called by VS Code when the first spec is opened. */
export async function activate(context: vscode.ExtensionContext): Promise<void> {
  context.subscriptions.push(
    vscode.commands.registerCommand("medctc.restart", () => server.restart()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void server.restart()),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("medctc.command")) void server.restart();
    }),
  );
  await server.restart();
}

/** Called by VS Code before it ends. */
export function deactivate(): Promise<void> {
  return server.stop();
}
