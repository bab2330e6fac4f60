import { Socket } from "node:net";

/** The thread that feels whether the supervising process lives: its end of this pipe is closed with it. */
const lifeline = new Socket({ fd: 3, readable: true, writable: false });

function end(): void {
  // All that this process has started, as its group.
  process.kill(-process.pid, "SIGKILL");
}

lifeline.on("end", end).on("error", end).resume();
