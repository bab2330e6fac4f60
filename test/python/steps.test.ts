import { test } from "vitest";
import { check, pythonWithPeft } from "./environment.ts";

test("a step on 1, 2 and 3 processes, in pieces or not, gives what one process's plain step gives", () => {
  check(pythonWithPeft(), "check_step.py");
});
