import { createServer, type Server, type Socket } from "node:net";
import { encodeFrame, type Frame, FrameReader, LinkError } from "./frames.ts";
import type { FromWorker, LinkTensors, ToWorker } from "./messages.ts";

/** How a worker introduces itself. */
export type Hello = Extract<FromWorker, { readonly kind: "hello" }>;

/** Who hears of what comes over a link. */
export interface LinkListener {
  readonly joined: (worker: LinkedWorker) => void;
  readonly said: (worker: LinkedWorker, frame: Frame) => void;
  /** The worker's end is closed, or it said what no worker says. */
  readonly lost: (worker: LinkedWorker, error: Error | null) => void;
}

/** A worker that has introduced itself. */
export interface LinkedWorker {
  readonly hello: Hello;
  readonly say: (message: ToWorker, tensors?: LinkTensors) => void;
}

/** The socket that workers of this machine connect to. */
export interface Link {
  /** Takes no further connections, and removes the socket from the file system. */
  readonly shut: () => void;
  /** Ends all connections as well. */
  readonly close: () => void;
}

/** Listens at a path of the file system, which only this user can reach. Rejects with what the system says. */
export async function listen(path: string, listener: LinkListener): Promise<Link> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    serve(socket, listener);
    socket.on("close", () => sockets.delete(socket));
  });
  await listening(server, path);
  return {
    shut: () => server.close(),
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function serve(socket: Socket, listener: LinkListener): void {
  let worker: LinkedWorker | null = null;
  let wrong: Error | null = null;
  const say = (message: ToWorker, tensors?: LinkTensors): void => {
    for (const piece of encodeFrame(message, tensors)) socket.write(piece);
  };
  const reader = new FrameReader((frame) => {
    const { message } = frame;
    if (worker !== null) listener.said(worker, frame);
    else if (message.kind === "hello") {
      worker = { hello: message, say };
      listener.joined(worker);
    } else throw new LinkError(`a worker says hello before ${message.kind}`);
  });
  socket.on("data", (chunk) => {
    try {
      reader.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      wrong = error;
      socket.destroy();
    }
  });
  // What is written to a worker that has ended; that it has ended is heard of by the end.
  socket.on("error", () => undefined);
  socket.on("close", () => {
    if (worker !== null) listener.lost(worker, wrong);
  });
}
