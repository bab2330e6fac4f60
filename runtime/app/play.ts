import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { attempt, writeAtomically } from "../files/index.ts";
import { type Lookup, routes, startServer } from "../local-server/index.ts";
import { watchSignals } from "../machine/index.ts";
import { type PageFile, pageFiles, pagePolicy, pageTexts } from "../play/index.ts";
import { done, type Ended, problem, type Reporter, refuse, refuseBy } from "./reporter.ts";

export interface PlayRequest {
  /** The path of the spec to open; null for the first of those that come with the program. */
  readonly spec: string | null;
  /** A folder for the page as files, instead of serving it. */
  readonly folder: string | null;
  /** 0 for any that is free. */
  readonly port: number;
  /** Hears where the page is, once it is served. */
  readonly served: (address: string) => void;
}

/** Serves the page on this machine until a signal ends it, or writes its files. */
export async function play(
  { spec, folder, port, served }: PlayRequest,
  reporter: Reporter,
): Promise<Ended<{ readonly files: number }>> {
  const texts = pageTexts(spec);
  if (texts.kind === "failed") return refuseBy([texts.problem], reporter);
  const files = pageFiles(texts.value);
  if (folder !== null) return writeFiles(files, folder, reporter);
  const server = await startServer({
    port,
    lookup: lookupOf(files),
    failed: (error, path) => reporter.problem(problem(`${path}: ${String(error)}`, null)),
  });
  if (server.kind === "failed") return refuse(server.problem, reporter);
  served(server.value.address);
  const watch = watchSignals();
  // Ctrl-C is how it is meant to end.
  const signal = await watch.stopped;
  await server.value.close();
  watch.dispose();
  return signal === "SIGINT" ? done({ files: files.length }) : { kind: "stopped", signal };
}

/** The files by their paths, the page itself at the root, too. */
function lookupOf(files: readonly PageFile[]): Lookup {
  const answers = files.map(({ name, type, content }) => {
    const policy = name === "index.html" ? { policy: pagePolicy } : {};
    return [`/${name}`, () => ({ status: 200, type, body: content, ...policy })] as const;
  });
  const index = answers.find(([path]) => path === "/index.html");
  return routes(Object.fromEntries([...answers, ...(index === undefined ? [] : [["/", index[1]] as const])]));
}

function writeFiles(files: readonly PageFile[], folder: string, reporter: Reporter): Ended<{ readonly files: number }> {
  const written = attempt(folder, () => {
    mkdirSync(folder, { recursive: true });
    for (const { name, content } of files) writeAtomically(join(folder, name), content);
  });
  return written.kind === "failed" ? refuse(written.problem, reporter) : done({ files: files.length });
}
