export { runCommand } from "./command.ts";
export { requireDisk } from "./disk.ts";
export { withLock } from "./lock.ts";
export { SetupError } from "./setup-error.ts";
