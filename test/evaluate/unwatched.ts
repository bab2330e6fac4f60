/** Of something that runs to its end with nobody looking. */
export const unwatched = { tell: () => undefined, isStopped: () => false };

/** What has not been stopped. */
export async function unstopped<Value>(ending: Promise<Value | "stopped">): Promise<Value> {
  const ended = await ending;
  if (ended === "stopped") throw new Error("nothing stopped it");
  return ended;
}
