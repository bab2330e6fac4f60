import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { type ChannelLimits, EventChannel, startServer } from "../../runtime/local-server/index.ts";
import { openSocket, sendRaw, statusOf } from "./raw.ts";

async function withChannel(
  limits: Partial<ChannelLimits>,
  use: (port: number, channel: EventChannel) => Promise<void>,
): Promise<void> {
  const channel = new EventChannel(limits);
  const first = () => [{ name: "hello", data: { step: 0 } }];
  const started = await startServer({ port: 0, lookup: () => channel.answer(first), failed: () => undefined });
  if (started.kind === "failed") throw new Error(started.problem.message);
  try {
    await use(started.value.port, channel);
  } finally {
    channel.close();
    await started.value.close();
  }
}

function listen(port: number, method = "GET"): string {
  return `${method} / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
}

test("each page hears what is so when it comes, and then what happens", async () => {
  await withChannel({}, async (port, channel) => {
    const heard = Promise.all([sendRaw(port, listen(port)), sendRaw(port, listen(port))]);
    await until(() => channel.size === 2);
    channel.send({ name: "step\ndata: forged", data: "two\nlines" });
    for (const answer of await heard) {
      expect(statusOf(answer)).toBe(200);
      expect(answer).toContain('event: hello\ndata: {"step":0}\n\n');
      expect(answer).toContain('event: step data: forged\ndata: "two\\nlines"\n\n');
    }
    await until(() => channel.size === 0);
  });
});

test("pages beyond the limit are told to come later, and HEAD is no listener", async () => {
  await withChannel({ listeners: 1 }, async (port, channel) => {
    expect(statusOf(await sendRaw(port, listen(port, "HEAD")))).toBe(200);
    expect(channel.size).toBe(0);
    const socket = openSocket(port);
    socket.write(listen(port));
    await until(() => channel.size === 1);
    const answer = await sendRaw(port, listen(port));
    expect(statusOf(answer)).toBe(503);
    expect(answer).toContain("Retry-After: 5\r\n");
    socket.destroy();
    await until(() => channel.size === 0);
  });
});

test("a page that does not read is let go", async () => {
  await withChannel({ waitingBytes: 100_000 }, async (port, channel) => {
    const socket = openSocket(port);
    socket.pause();
    socket.write(listen(port));
    await until(() => channel.size === 1);
    // The system's buffers take some megabytes before anything waits here.
    for (let sent = 0; sent < 2000 && channel.size === 1; sent++) {
      channel.send({ name: "much", data: "x".repeat(50_000) });
      await wait(0);
    }
    expect(channel.size).toBe(0);
    socket.destroy();
  });
});

test("a silent channel gives signs of life, and a closed one ends its connections", async () => {
  await withChannel({ beatMs: 20 }, async (port, channel) => {
    const heard = sendRaw(port, listen(port), 200);
    await until(() => channel.size === 1);
    await wait(100);
    channel.close();
    expect(await heard).toContain("\n: \n\n");
    expect(statusOf(await sendRaw(port, listen(port)))).toBe(503);
  });
});

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error("it did not come about within 10 s");
    await wait(5);
  }
}
