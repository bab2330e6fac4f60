import { homedir } from "node:os";
import { join } from "node:path";
import { RefusedFile } from "../files/index.ts";

/** Where medctc keeps what it made once: $MEDCTC_CACHE, or a folder of its own in the user's cache. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { MEDCTC_CACHE, XDG_CACHE_HOME } = environment;
  if (MEDCTC_CACHE !== undefined && MEDCTC_CACHE !== "") return MEDCTC_CACHE;
  return join(
    XDG_CACHE_HOME === undefined || XDG_CACHE_HOME === "" ? join(homeFolder(), ".cache") : XDG_CACHE_HOME,
    "medctc",
  );
}

/** A user without one, as some of containers, has to name a place: nothing is written into the working folder unasked. */
function homeFolder(): string {
  let home = "";
  try {
    home = homedir();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ERR_SYSTEM_ERROR")) throw error;
  }
  if (home === "") throw new RefusedFile("ENOHOME", "~");
  return home;
}
