import type { Server } from "node:http";
import { errorCode } from "../files/index.ts";
import { failed, ok, type Problem, type Result } from "../text/index.ts";

/** The option that commands have for the port, which problems name. */
const portOption = "--port";

/** Free ports that are tried where one of the two addresses of the same number is taken. */
const triesOfAnyPort = 10;

/** Binds one server to an address. */
type Bind = (address: "127.0.0.1" | "::1", port: number) => Promise<Server>;

/**
 * Listens at 127.0.0.1, and at ::1 where the machine has it, since browsers may take `localhost` for either: a program that has the
 * same port there would get what is meant for this one.
 */
export async function listenOnLoopback(bind: Bind, port: number): Promise<Result<readonly Server[]>> {
  for (let tries = 1; ; tries++) {
    const first = await attemptToListen(bind, "127.0.0.1", port);
    if (first.kind === "failed") return failed(portProblem(first.problem, port));
    const second = await attemptToListen(bind, "::1", portOf(first.value));
    if (second.kind === "ok") return ok([first.value, second.value]);
    const { code } = second.problem;
    if (code !== "EADDRINUSE") return ok([first.value]);
    first.value.close();
    if (port !== 0 || tries === triesOfAnyPort) return failed(portProblem(second.problem, port));
  }
}

/** The port that a server listens at. */
export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("invariant: the server listens at a port");
  return address.port;
}

interface Refused {
  readonly code: string;
}

async function attemptToListen(
  bind: Bind,
  address: "127.0.0.1" | "::1",
  port: number,
): Promise<Result<Server, Refused>> {
  try {
    return ok(await bind(address, port));
  } catch (error) {
    const code = errorCode(error);
    if (code === null) throw error;
    return failed({ code });
  }
}

function portProblem({ code }: Refused, port: number): Problem {
  const subject = port === 0 ? "this machine" : `port ${port}`;
  const another = `name another with ${portOption}, or leave ${portOption} out for any that is free`;
  switch (code) {
    case "EADDRINUSE":
      return { subject, message: "another program listens there", help: another };
    case "EACCES":
    case "EPERM":
      return { subject, message: "the system keeps it from this user", help: another };
    case "EADDRNOTAVAIL":
    case "EAFNOSUPPORT":
      return { subject, message: "127.0.0.1 is missing", help: "enable the loopback interface (`ip link set lo up`)" };
    default:
      return { subject, message: `the system refuses to listen (${code})`, help: another };
  }
}
