import { createServer, type RequestListener, type Server } from "node:http";
import type { Socket } from "node:net";
import { failed, ok, type Result } from "../text/index.ts";
import { admit } from "./admit.ts";
import { type Lookup, plainAnswer } from "./answer.ts";
import { listenOnLoopback, portOf } from "./listen.ts";
import { send } from "./send.ts";

export interface ServerOptions {
  /** 0 for any that is free. */
  readonly port: number;
  readonly lookup: Lookup;
  /** Hears what a lookup threw, which is a mistake of ours or a file that is gone; the browser hears of status 500. */
  readonly failed: (error: unknown, path: string) => void;
  readonly limits?: Partial<ServerLimits>;
}

/** What one client may take. */
export interface ServerLimits {
  /** At once, for each of the two addresses. Those beyond are closed unanswered. */
  readonly connections: number;
  /** Until a request has arrived. */
  readonly requestMs: number;
  /** A connection on which nothing moves. What sends events says something more often. */
  readonly silentMs: number;
}

const usualLimits: ServerLimits = { connections: 64, requestMs: 10_000, silentMs: 60_000 };

/** Bytes of a request's first line and headers together. A browser sends about one thousand. */
const headerBytes = 16_384;

/** What is under way may end within this time once the server is closed. */
const lastAnswersMs = 500;

export interface LocalServer {
  readonly port: number;
  /** Where its first page is: `http://127.0.0.1:4321/`. */
  readonly address: string;
  /** Ends every connection: at once where nothing is under way. */
  readonly close: () => Promise<void>;
}

/** Answers browsers on this machine, at 127.0.0.1 and ::1, and nobody else. What it answers is the lookup's alone: no request reaches the disk. */
export async function startServer(options: ServerOptions): Promise<Result<LocalServer>> {
  const limits = { ...usualLimits, ...options.limits };
  const listening = await listenOnLoopback(
    (address, port) => bind(address, port, limits, answering(options)),
    options.port,
  );
  if (listening.kind === "failed") return failed(listening.problem);
  const [first] = listening.value;
  if (first === undefined) throw new Error("invariant: a server listens at one address at least");
  const port = portOf(first);
  const close = async (): Promise<void> => void (await Promise.all(listening.value.map(closeServer)));
  return ok({ port, address: `http://127.0.0.1:${port}/`, close });
}

function bind(
  address: string,
  port: number,
  { connections, requestMs, silentMs }: ServerLimits,
  answer: RequestListener,
): Promise<Server> {
  const server = createServer(
    {
      maxHeaderSize: headerBytes,
      headersTimeout: requestMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: Math.min(1000, requestMs),
      keepAliveTimeout: 5000,
      insecureHTTPParser: false,
    },
    answer,
  );
  server.maxConnections = connections;
  server.setTimeout(silentMs);
  server.on("clientError", refuseBroken);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address, port, ipv6Only: address === "::1" }, () => {
      server.off("error", reject);
      resolve(server);
    });
  });
}

/** What is no HTTP, too long or too slow is told so, where there is somebody to tell. */
function refuseBroken(error: NodeJS.ErrnoException, socket: Socket): void {
  const status =
    error.code === "HPE_HEADER_OVERFLOW"
      ? "431 Request Header Fields Too Large"
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? "408 Request Timeout"
        : "400 Bad Request";
  if (socket.writable) socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  socket.destroy(error);
}

function answering({ lookup, failed: hear }: ServerOptions): RequestListener {
  return (message, response) => {
    const admitted = admit(message, message.socket.localPort ?? 0);
    if (admitted.kind === "turned-away") {
      // What follows on this connection may be the rest of what was not read.
      response.shouldKeepAlive = false;
      return send(admitted.answer, response);
    }
    const { request } = admitted;
    const answered = (async () =>
      send((await lookup(request)) ?? plainAnswer(404, "there is no such page"), response))();
    answered.catch((error: unknown) => {
      hear(error, request.path);
      if (response.headersSent) response.destroy();
      else send(plainAnswer(500, "this cannot be shown; the terminal says why"), response);
    });
  };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const patience = setTimeout(() => server.closeAllConnections(), lastAnswersMs);
    server.close(() => {
      clearTimeout(patience);
      resolve();
    });
    server.closeIdleConnections();
  });
}
