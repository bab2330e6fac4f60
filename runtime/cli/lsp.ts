import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createConnection, ProposedFeatures } from "vscode-languageserver/node";
import { readManual } from "../../compiler/editor/index.ts";
import { serve } from "../language-server/index.ts";
import { version } from "../machine/index.ts";
import { libraryFolder } from "../specs/index.ts";
import type { DefineCommand } from "./command.ts";

export const define: DefineCommand = (command) => {
  command
    .option("--stdio", "speak over standard input and output, which is all that it does")
    .option(
      "--clientProcessId <id>",
      "the process of the editor, which VS Code's client passes; it says so by the protocol, too",
    )
    .addHelpText("after", "\nExample, as an editor starts it:\n  $ medctc lsp --stdio")
    .action(async () => {
      const manual = readManual(readFileSync(join(libraryFolder(), "../../grammar/LANGUAGE.md"), "utf8"));
      const connection = createConnection(ProposedFeatures.all, process.stdin, process.stdout);
      serve(connection, manual, version);
      await new Promise(() => undefined);
    });
};
