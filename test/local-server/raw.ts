import { createConnection, type Socket } from "node:net";

/** Sends bytes as they are, and gives all that comes back until the server closes the connection, or for `silentMs` says nothing more. */
export function sendRaw(port: number, bytes: string, silentMs = 300): Promise<string> {
  return new Promise((resolve) => {
    const socket = openSocket(port);
    let answer = "";
    socket.setTimeout(silentMs, () => socket.destroy());
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    socket.on("close", () => resolve(answer));
    socket.write(bytes);
  });
}

/** A connection; what it is refused shows by its being closed. */
export function openSocket(port: number, host = "127.0.0.1"): Socket {
  const socket = createConnection({ port, host });
  socket.on("error", () => undefined);
  return socket;
}

/** The status of an answer; null where there was none. */
export function statusOf(answer: string): number | null {
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(answer) ?? [];
  return status === undefined ? null : Number(status);
}
