import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { describeInternalError } from "../../runtime/cli/internal-error.ts";
import { prepareProgram } from "./medctc.ts";

beforeAll(prepareProgram);

test("an internal error has its stack by the sources, the version, the machine and the command, and says where it goes", () => {
  const program = resolve("dist/medctc.js");
  const lines = readFileSync(program, "utf8").split("\n");
  const line = lines.findIndex((text) => text.includes("uncaughtException"));
  const column = lines[line]?.indexOf("uncaughtException") ?? -1;
  const error = new Error("made up");
  error.stack = `Error: made up\n    at run (${pathToFileURL(program).href}:${line + 1}:${column + 1})`;
  const [first, frame, machine, command, last] = describeInternalError(error, ["check", "it's.vlm"]).split("\n");
  expect(first).toBe("internal error: Error: made up");
  expect(frame).toMatch(/^ {4}at run \(runtime\/cli\/main\.ts:\d+:\d+\)$/);
  expect(machine).toBe(`medctc development, ${process.platform} ${process.arch}, Node ${process.versions.node}`);
  expect(command).toBe("command: medctc check 'it'\\''s.vlm'");
  expect(last).toBe("This is a fault of medctc, not of your files. Please report it with the text above.");
});
