/** One operation of TensorFlow's graph as its executor ran it. */
export interface OperationRun {
  /** Its node: `step/vision/spatial/layers_0/attention/MatMul`. */
  readonly node: string;
  /** Its kind: `MatMul`, whether oneDNN computes it or TensorFlow itself. */
  readonly operation: string;
  readonly thread: number;
  /** From the first operation of the run on. */
  readonly startMicroseconds: number;
  readonly microseconds: number;
}

/** What the executor writes with this environment: a line when an operation starts, and one when it is done. */
export const logEnvironment = { TF_CPP_MIN_LOG_LEVEL: "0", TF_CPP_VMODULE: "executor=2" } as const;

/**
 * `I0000 00:00:1795597814.365817    4829 executor.cc:879] Process node: 247 step 5 {{node a/MatMul}} = MatMul[T=...](...)`
 * as TensorFlow 2.21 writes it. Before its log is set up, all seconds since 1970 stand where later those of the minute do.
 */
const pattern =
  /^[IWEF]\d{4} (\d+):(\d+):(\d+)\.(\d{6}) +(\d+) executor\.cc:\d+\] (Process node|Synchronous kernel done|Async kernel done): (\d+) step (-?\d+) \{\{node (.+?)\}\} = (\w+)/;

/** Before the kinds of operations that oneDNN computes. */
const oneDnn = /^_Mkl(Native)?/;

/** The operations of the last run that the lines tell of, in the order of their starts. Other lines are passed over. */
export async function readExecutorLog(
  lines: AsyncIterable<string> | Iterable<string>,
): Promise<readonly OperationRun[]> {
  let run: string | null = null;
  let first = 0;
  const started = new Map<string, number>();
  let operations: OperationRun[] = [];
  for await (const line of lines) {
    const found = pattern.exec(line);
    if (found === null) continue;
    const [, hours, minutes, seconds, fraction, thread, event, id, step, node, operation] = found;
    if (step === undefined || id === undefined || node === undefined || operation === undefined) continue;
    const now = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1e6 + Number(fraction);
    if (step !== run) {
      run = step;
      first = now;
      started.clear();
      operations = [];
    }
    const start = started.get(id);
    if (event === "Process node") started.set(id, now);
    else if (start !== undefined && now >= start) {
      operations.push({
        node,
        operation: operation.replace(oneDnn, ""),
        thread: Number(thread),
        startMicroseconds: start - first,
        microseconds: now - start,
      });
    }
  }
  return operations.sort((a, b) => a.startMicroseconds - b.startMicroseconds);
}
