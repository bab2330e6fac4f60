import { spawn } from "node:child_process";

/** Opens an address in the person's browser, where the system has a program for that; says nothing where it has none. */
export function openAddress(address: string): void {
  const [command, args] = openerOf(address);
  const child = spawn(command, args, { stdio: "ignore", detached: true });
  child.on("error", () => undefined);
  child.unref();
}

function openerOf(address: string): readonly [command: string, args: readonly string[]] {
  switch (process.platform) {
    case "darwin":
      return ["open", [address]];
    case "win32":
      return ["explorer", [address]];
    default:
      return ["xdg-open", [address]];
  }
}

/** Whether a browser would open where the person is: not on a machine that is reached by a terminal alone. */
export function hasDesktop(): boolean {
  const { DISPLAY = "", WAYLAND_DISPLAY = "", SSH_CONNECTION = "" } = process.env;
  if (SSH_CONNECTION !== "") return false;
  return process.platform === "darwin" || process.platform === "win32" || DISPLAY !== "" || WAYLAND_DISPLAY !== "";
}
