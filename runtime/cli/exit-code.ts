import type { Ended } from "../app/reporter.ts";
import { exitCodeOf } from "../machine/index.ts";
import { type ExitCode, exitCodes } from "./terminal.ts";

/** How a command ends: as printing what was done says, or as it was refused, misused or stopped. */
export function finish<Value>(ended: Ended<Value>, print: (value: Value) => ExitCode): ExitCode {
  switch (ended.kind) {
    case "done":
      return print(ended.value);
    case "refused":
      return exitCodes.wrong;
    case "misused":
      return exitCodes.usage;
    case "stopped":
      return exitCodeOf(ended.signal);
  }
}
