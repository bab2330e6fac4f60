import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type Ended, measureApart, type Request } from "../../runtime/bench/index.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-apart-"));
afterAll(() => rmSync(folder, { recursive: true }));

const request: Request = {
  kind: "request",
  weightsCopy: null,
  program: "step",
  path: "none.vlm",
  overrides: {},
  backend: "evaluator",
  launch: null,
  weights: null,
  steps: 1,
  warmup: 0,
  product: false,
};

/** How a measurement ends whose process runs this instead; what the process says is in `said`. */
async function endOf(
  script: string,
): Promise<{ readonly ended: Ended; readonly said: readonly string[]; readonly log: string }> {
  const program = join(folder, "program.mjs");
  writeFileSync(program, script);
  const log = join(folder, "log");
  const said: string[] = [];
  const ended = await measureApart(request, {
    program,
    environment: { MEDCTC_TEST: "there" },
    log,
    expected: "1 GiB was expected",
    progress: (text) => said.push(text),
  });
  return { ended, said, log: readFileSync(log, "utf8") };
}

test.each([
  ["SIGKILL", 'process.kill(process.pid, "SIGKILL");'],
  ["SIGABRT", "process.abort();"],
])("a process that the system ends by %s had too little memory", async (signal, script) => {
  const { ended } = await endOf(script);
  expect(ended).toEqual({
    kind: "failed",
    problem: {
      subject: "",
      message: `the run was ended by the system (${signal}), most likely for memory; 1 GiB was expected`,
      help: "if memory is short, use a smaller --batch, --recompute layers or --precision bf16",
    },
  });
});

test("a process that ends without an answer is named with how it ended", async () => {
  const { ended } = await endOf('console.error("one\\ntwo"); process.exit(3);');
  expect(ended).toMatchObject({ kind: "failed", problem: { message: "the run ended with 3: two" } });
});

test("Ctrl-C in the measured process interrupts the command", async () => {
  const { ended } = await endOf('process.kill(process.pid, "SIGINT"); setTimeout(() => {}, 10_000);');
  expect(ended).toEqual({ kind: "interrupted" });
});

test("the process gets the request and its environment, and what it writes is in the log", async () => {
  const { ended, said, log } = await endOf(`
    process.once("message", ({ kind, program }) => {
      console.error(process.env.MEDCTC_TEST);
      process.send({ kind: "progress", text: kind + " " + program });
      process.send({ kind: "nothing of ours" });
      process.send({ kind: "failed", problem: { subject: "", message: "p", help: "h" } }, () => process.disconnect());
    });`);
  expect(ended).toEqual({ kind: "failed", problem: { subject: "", message: "p", help: "h" } });
  expect(said).toEqual(["request step"]);
  expect(log).toBe("there\n");
});
