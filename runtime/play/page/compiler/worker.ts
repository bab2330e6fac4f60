import type { Answers, Opening, Reply, Request } from "../protocol.ts";
import { answer } from "./answer.ts";
import { Session } from "./session.ts";

/** The compiler in a thread of its own, so that typing never waits for it: first the texts, then requests with a port each. */
let session: Session | null = null;

addEventListener("message", ({ data, ports }: MessageEvent<Opening | Request>) => {
  if (data.kind === "open") {
    session = new Session(data.texts);
    return;
  }
  const [port] = ports;
  if (port === undefined || session === null)
    throw new Error("invariant: texts come first, and each request has a port");
  port.postMessage(replyTo(data, session));
});

function replyTo(request: Request, open: Session): Reply<Answers[Request["kind"]]> {
  try {
    return { kind: "done", value: answer(request, open) };
  } catch (error) {
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}
