/** Signals that ask a program to stop. */
export const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export type StopSignal = (typeof stopSignals)[number];

export interface SignalWatch {
  /** The signal that asked for an end, once one did. */
  readonly requested: () => StopSignal | null;
  /** Resolves with that signal, for what waits and does nothing else. */
  readonly stopped: Promise<StopSignal>;
  /** Leaves signals to what they do by themselves. */
  readonly dispose: () => void;
}

/** How a program ends that a signal asked to: 128 and the signal's number, as shells say it of one that a signal ended. */
export function exitCodeOf(signal: StopSignal): 129 | 130 | 143 {
  switch (signal) {
    case "SIGHUP":
      return 129;
    case "SIGINT":
      return 130;
    case "SIGTERM":
      return 143;
  }
}

/**
 * Watches for Ctrl-C, for SIGTERM, and for SIGHUP, which comes when a terminal is closed. The first only says that an end is asked
 * for, so that a step is finished and saved; the second ends the process at once, after `beforeEnd`, which may only do what takes
 * no time. Node.js hears of signals between turns of the event loop: a loop of steps that do not wait for anything must give way
 * once a step (`await setImmediate()` of node:timers/promises), or it hears of none.
 */
export function watchSignals(beforeEnd: () => void = () => undefined): SignalWatch {
  const request = new StopRequest();
  const { promise: stopped, resolve: stop } = withResolver<StopSignal>();
  const dispose = (): void => {
    for (const signal of stopSignals) process.removeListener(signal, hear);
  };
  const hear = (signal: StopSignal): void => {
    const isSecond = request.hear(signal, performance.now());
    if (!isSecond) {
      stop(signal);
      return;
    }
    beforeEnd();
    dispose();
    // By the signal itself: to exit would wait for threads that compute, and ONNX Runtime aborts when its thread is ended.
    process.kill(process.pid, signal);
  };
  for (const signal of stopSignals) process.on(signal, hear);
  return { requested: () => request.signal(), stopped, dispose };
}

function withResolver<Value>(): { readonly promise: Promise<Value>; readonly resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((keep) => {
    resolve = keep;
  });
  return { promise, resolve };
}

/** Nobody asks twice in that time, but npm sends on what the terminal has sent to all, and so do schedulers. */
const sameRequestMs = 200;

/** What signals have asked for so far. */
export class StopRequest {
  private first: { readonly signal: StopSignal; readonly atMs: number } | null = null;

  signal(): StopSignal | null {
    return this.first?.signal ?? null;
  }

  /** True for a second request, which is no echo of the first. */
  hear(signal: StopSignal, atMs: number): boolean {
    if (this.first !== null) return signal !== this.first.signal || atMs - this.first.atMs >= sameRequestMs;
    this.first = { signal, atMs };
    return false;
  }
}
