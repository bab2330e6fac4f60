import { kindOfPath } from "../files/index.ts";
import { problemOf, watchSignals } from "../machine/index.ts";
import { serveRuns } from "../serve/index.ts";
import { type Ended, type Reporter, refuse } from "./reporter.ts";

export interface ServeRequest {
  /** Folders of runs, or with runs below them. */
  readonly folders: readonly string[];
  /** 0 for any that is free. */
  readonly port: number;
}

/** Serves a page of trainings until a signal asks for an end; `ready` hears where. */
export async function serve(
  { folders, port }: ServeRequest,
  reporter: Reporter,
  ready: (address: string) => void,
): Promise<Ended<never>> {
  for (const folder of folders) {
    if (kindOfPath(folder) === "folder") continue;
    const help = "name the folder of `medctc train -o`, or one that has such folders in it";
    return refuse({ subject: folder, message: "there is no such folder", help }, reporter);
  }
  const signals = watchSignals();
  try {
    const served = await serveRuns(folders, port, (error, path) => reporter.problem(problemOf(error, path)));
    if (served.kind === "failed") return refuse(served.problem, reporter);
    ready(served.value.address);
    const signal = await signals.stopped;
    await served.value.close();
    return { kind: "stopped", signal };
  } finally {
    signals.dispose();
  }
}
