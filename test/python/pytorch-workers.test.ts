import { test } from "vitest";
import { check, pythonWithPeft } from "./environment.ts";

test("a step on 1, 2 and 3 processes, in pieces or not, gives what one process's plain step gives", () => {
  check(pythonWithPeft(), "check_step.py");
});

test("processes of a training do what they are told, keep every optimizer's state to the bit, and end when they should", () => {
  check(pythonWithPeft(), "check_worker.py");
});

test("a package reads safetensors files as Hugging Face's library does, and refuses what is wrong", () => {
  check(pythonWithPeft(), "check_package_weights.py", "3000");
});
