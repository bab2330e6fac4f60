import { isMainThread } from "node:worker_threads";

/**
 * Turns off what ONNX Runtime would send about its users: since 1.29 its packages keep a device's id and a list of events in
 * the home folder and look up a host of their maker's. Its C++ code reads this from the process's environment when it is
 * loaded, and only the main thread can change that: `process.env` of another thread is a copy.
 */
export function turnTelemetryOff(): void {
  if (!isMainThread)
    throw new Error("ONNX Runtime is started from the main thread, where its telemetry can be turned off");
  process.env["ORT_DISABLE_TELEMETRY"] = "1";
}
