import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import {
  jsonAnswer,
  type LocalServer,
  type Lookup,
  routes,
  type ServerLimits,
  startServer,
} from "../../runtime/local-server/index.ts";
import { openSocket, sendRaw, statusOf } from "./raw.ts";

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const page: Lookup = routes({
  "/": () => ({
    status: 200,
    type: "text/html; charset=utf-8",
    body: "<!doctype html><p>grün",
    policy: { "script-src": "'self'" },
  }),
  "/data.json": ({ query }) => jsonAnswer({ asked: query.get("name") }),
  "/broken": () => {
    throw new Error("a lookup failed");
  },
  "/header": () => ({ status: 200, type: "text/plain", body: "", headers: { "X-Name": "two\r\nlines" } }),
});

const failures: unknown[] = [];

async function serve(limits: Partial<ServerLimits> = {}, lookup = page): Promise<LocalServer> {
  const started = await startServer({ port: 0, lookup, limits, failed: (error) => failures.push(error) });
  if (started.kind === "failed") throw new Error(started.problem.message);
  closers.push(started.value.close);
  return started.value;
}

/** A request as browsers write it, with other lines where a test wants them. */
function request(
  port: number,
  line = "GET / HTTP/1.1",
  headers: readonly string[] = [`Host: 127.0.0.1:${port}`],
): string {
  return `${[line, ...headers].join("\r\n")}\r\n\r\n`;
}

async function statusFor(port: number, line: string, headers?: readonly string[]): Promise<number | null> {
  return statusOf(await sendRaw(port, request(port, line, headers)));
}

describe("what a browser gets", () => {
  test("a page comes with headers that let it load nothing but what it names", async () => {
    const { address } = await serve();
    const response = await fetch(address);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("<!doctype html><p>grün");
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "content-security-policy":
        "default-src 'none'; script-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-store",
    });
  });

  test("HEAD gives the length and no body", async () => {
    const { port } = await serve();
    const answer = await sendRaw(port, request(port, "HEAD / HTTP/1.1"));
    expect(answer).toContain("Content-Length: 23\r\n");
    expect(answer.endsWith("\r\n\r\n")).toBe(true);
  });

  test("names of any kind go into the query", async () => {
    const { address } = await serve();
    const response = await fetch(`${address}data.json?name=${encodeURIComponent("../ü?&\n")}`);
    expect(await response.json()).toEqual({ asked: "../ü?&\n" });
  });

  test("localhost and ::1 lead there, too, where the machine has them", async () => {
    const { port } = await serve();
    expect(await statusFor(port, "GET / HTTP/1.1", [`Host: LOCALHOST:${port}`])).toBe(200);
    expect(await statusFor(port, "GET / HTTP/1.1", [`Host: [::1]:${port}`])).toBe(200);
    const hasV6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === "::1"));
    if (hasV6) expect((await fetch(`http://[::1]:${port}/`)).status).toBe(200);
  });

  test("an unknown path is 404; a lookup that throws is 500, which the terminal hears of and the page does not", async () => {
    const { address } = await serve();
    failures.length = 0;
    expect((await fetch(`${address}other`)).status).toBe(404);
    const broken = await fetch(`${address}broken`);
    expect(broken.status).toBe(500);
    expect(await broken.text()).not.toContain("a lookup failed");
    expect((await fetch(`${address}header`)).status).toBe(500);
    expect(failures).toEqual([new Error("a lookup failed"), expect.objectContaining({ code: "ERR_INVALID_CHAR" })]);
  });
});

describe("what others get", () => {
  test("a name that leads to 127.0.0.1 is not this server's, nor is another port, two hosts or none", async () => {
    const { port } = await serve();
    const hosts = [["Host: evil.example"], [`Host: evil.example:${port}`], ["Host: 127.0.0.1"], ["Host: 127.0.0.1:1"]];
    const doubled = [`Host: 127.0.0.1:${port}`, "Host: evil.example"];
    for (const headers of [...hosts, doubled, [`Host: 127.0.0.1:${port}.evil.example`], ["Host: "]]) {
      expect([headers, await statusFor(port, "GET / HTTP/1.1", headers)]).toEqual([
        headers,
        expect.toSatisfy(isRefusal),
      ]);
    }
    expect(await statusFor(port, "GET / HTTP/1.1", [])).toBe(400);
    expect(await statusFor(port, "GET / HTTP/1.0", [])).toBe(403);
  });

  test("another site's page gets nothing, and a link from there is followed", async () => {
    const { port } = await serve();
    const host = `Host: 127.0.0.1:${port}`;
    const from = (...headers: readonly string[]) => statusFor(port, "GET / HTTP/1.1", [host, ...headers]);
    expect(await from("Origin: http://evil.example")).toBe(403);
    expect(await from("Origin: null")).toBe(403);
    expect(await from(`Origin: http://localhost:${port}`)).toBe(200);
    expect(await from("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: script")).toBe(403);
    expect(await from("Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty")).toBe(403);
    expect(await from("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe")).toBe(403);
    expect(await from("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")).toBe(200);
    expect(await from("Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty")).toBe(200);
  });

  test.each([
    "/../etc/passwd",
    "/a/../../etc/passwd",
    "/%2e%2e/etc/passwd",
    "/..%2fetc/passwd",
    "/%252e%252e/x",
    "/a/./b",
    "//etc/passwd",
    "/a//b",
    "/..\\..\\x",
    "/a%00b",
    "/ü",
    "/~/..;/x",
    "http://127.0.0.1/",
    "http://evil.example/",
    "*",
    "a",
  ])("the path %s is not looked up", async (path) => {
    const looked: string[] = [];
    const { port } = await serve({}, ({ path: asked }) => {
      looked.push(asked);
      return null;
    });
    expect(await statusFor(port, `GET ${path} HTTP/1.1`)).toBe(400);
    expect(looked).toEqual([]);
  });

  test.each(["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])("%s is refused", async (method) => {
    const { port } = await serve();
    const answer = await sendRaw(port, request(port, `${method} / HTTP/1.1`));
    expect(statusOf(answer)).toBe(405);
    expect(answer).toContain("Allow: GET, HEAD\r\n");
    expect(answer).toContain("Connection: close\r\n");
  });

  test("CONNECT, content and words that are no HTTP close the connection", async () => {
    const { port } = await serve();
    const host = `Host: 127.0.0.1:${port}`;
    expect(await sendRaw(port, request(port, "CONNECT evil.example:443 HTTP/1.1"))).toBe("");
    expect(await statusFor(port, "GET / HTTP/1.1", [host, "Content-Length: 5"])).toBe(400);
    expect(await statusFor(port, "GET / HTTP/1.1", [host, "Transfer-Encoding: chunked"])).toBe(400);
    expect(await statusFor(port, "GET / HTTP/1.1", [host, "Content-Length: 5", "Transfer-Encoding: chunked"])).toBe(
      400,
    );
    expect(statusOf(await sendRaw(port, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n"))).toBe(400);
  });

  test("long addresses and long headers are refused", async () => {
    const { port } = await serve();
    expect(await statusFor(port, `GET /${"a".repeat(2048)} HTTP/1.1`)).toBe(414);
    expect(await statusFor(port, `GET /?${"a".repeat(2048)} HTTP/1.1`)).toBe(414);
    const host = `Host: 127.0.0.1:${port}`;
    expect(await statusFor(port, "GET / HTTP/1.1", [host, `X-Long: ${"a".repeat(20_000)}`])).toBe(431);
    const many = Array.from({ length: 2000 }, (_, at) => `X-${at}: ${"a".repeat(20)}`);
    expect(await statusFor(port, "GET / HTTP/1.1", [host, ...many])).toBe(431);
  });

  test("a request that comes letter by letter is given up", async () => {
    const { port } = await serve({ requestMs: 300 });
    const socket = openSocket(port);
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString();
    });
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n`);
    const drip = setInterval(() => socket.write("X: 1\r\n"), 50);
    await closed;
    clearInterval(drip);
    expect(statusOf(answer)).toBe(408);
  });

  test("of 200 connections most are closed, and the server answers when they are gone", async () => {
    const { port, address } = await serve();
    const sockets = Array.from({ length: 200 }, () => openSocket(port));
    const closed = sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    await Promise.race([Promise.all(closed.slice(150)), wait(5000)]);
    expect(sockets.filter(({ closed: isClosed }) => !isClosed).length).toBeLessThanOrEqual(64);
    for (const socket of sockets) socket.destroy();
    await wait(100);
    expect((await fetch(address)).status).toBe(200);
  });
});

describe("where it listens", () => {
  test("at loopback addresses alone", async () => {
    const { port } = await serve();
    const others = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    for (const { address, internal } of others.filter((each) => !each.internal)) {
      expect([address, internal, await connects(port, address)]).toEqual([address, false, false]);
    }
    // The whole of 127.0.0.0/8 is this machine; a server that listened everywhere would answer there.
    expect(await connects(port, "127.0.0.2")).toBe(false);
  });

  test("a busy port is a problem that names the option", async () => {
    const { port } = await serve();
    const again = await startServer({ port, lookup: page, failed: () => undefined });
    expect(again).toEqual({
      kind: "failed",
      problem: {
        subject: `port ${port}`,
        message: "another program listens there",
        help: "name another with --port, or leave --port out for any that is free",
      },
    });
  });

  test("a port that another program has at ::1 alone is busy, too", async () => {
    const other = createServer();
    const isListening = await new Promise<boolean>((resolve) => {
      other.once("error", () => resolve(false));
      other.listen(0, "::1", () => resolve(true));
    });
    closers.push(() => void other.close());
    const address = other.address();
    if (!isListening || address === null || typeof address === "string") return;
    const started = await startServer({ port: address.port, lookup: page, failed: () => undefined });
    expect(started.kind).toBe("failed");
    expect(await connects(address.port, "127.0.0.1")).toBe(false);
  });

  test("it closes at once where nothing is under way, and soon where something is", async () => {
    const idle = await serve();
    await fetch(idle.address);
    const before = performance.now();
    await idle.close();
    expect(performance.now() - before).toBeLessThan(400);
    const busy = await serve({}, () => new Promise(() => undefined));
    const hanging = sendRaw(busy.port, request(busy.port), 10_000);
    await wait(50);
    await busy.close();
    expect(await hanging).toBe("");
    expect(await connects(busy.port, "127.0.0.1")).toBe(false);
  });
});

function isRefusal(status: unknown): boolean {
  return status === 400 || status === 403;
}

function connects(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = openSocket(port, host);
    socket.setTimeout(1000, () => socket.destroy());
    socket.once("connect", () => {
      resolve(true);
      socket.destroy();
    });
    socket.once("close", () => resolve(false));
  });
}
