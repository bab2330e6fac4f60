import { EventChannel, type LocalServer, startServer } from "../local-server/index.ts";
import { failed, ok, type Result } from "../text/index.ts";
import { RunBoard } from "./board.ts";
import { trainingRoutes } from "./routes.ts";

export interface ServedRuns {
  readonly address: string;
  readonly port: LocalServer["port"];
  readonly close: () => Promise<void>;
}

/** Serves the page of the runs below some folders. */
export async function serveRuns(
  roots: readonly string[],
  port: number,
  hearFailure: (error: unknown, path: string) => void,
): Promise<Result<ServedRuns>> {
  const channel = new EventChannel();
  const board = new RunBoard(roots, channel);
  const lookup = trainingRoutes(roots, board, channel);
  const started = await startServer({ port, lookup, failed: hearFailure });
  if (started.kind === "failed") return failed(started.problem);
  const ended = new AbortController();
  const watching = board.watch(ended.signal);
  const close = async (): Promise<void> => {
    ended.abort();
    channel.close();
    await Promise.all([watching, started.value.close()]);
  };
  return ok({ address: started.value.address, port: started.value.port, close });
}
