import { fork } from "node:child_process";
import { bundledFile } from "../../../files/index.ts";
import { type Fault, fault } from "../../problem.ts";
import { answerOf, type ParquetTask, type ParquetWish } from "./messages.ts";

export interface ParquetReader {
  /** The places of the columns to read; null to read none. */
  readonly columns: (names: readonly string[]) => readonly number[] | null;
  /** The cells of these columns, and the row's number, from 1. */
  readonly row: (cells: readonly string[], row: number) => void;
}

const heapMegabytes = 1024;
/** Row groups of a million rows take seconds; some damaged files take the library for ever. */
const usualSilenceMs = 60_000;
const copyAgain = "copy or download it again";

/**
 * Reads a Parquet file in a process of its own: a run in a damaged file may claim a thousand million values, which the library would
 * make, and V8 then ends a process with all its threads. What is wrong with the file is the fault; rows before that have been given.
 */
export function readParquet(
  file: string,
  { columns, row }: ParquetReader,
  longestSilenceMs: number = usualSilenceMs,
): Promise<Fault | null> {
  const child = fork(bundledFile("parquet-process.js"), {
    execArgv: [`--max-old-space-size=${heapMegabytes}`],
    serialization: "advanced",
    // What V8 says of its end is for its authors.
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  return new Promise<Fault | null>((resolve, reject) => {
    let wrong: Fault | null = fault(
      `it is damaged, or needs more than ${heapMegabytes} MB of memory to read`,
      copyAgain,
    );
    const end = (found: Fault | null): void => {
      wrong = found;
      child.kill("SIGKILL");
    };
    const silence = setTimeout(() => {
      end(fault("it takes longer to read than any sound table", copyAgain));
    }, longestSilenceMs);
    const hear = (message: unknown): void => {
      silence.refresh();
      const answer = answerOf(message);
      switch (answer.kind) {
        case "columns": {
          const places = columns(answer.columns);
          if (places === null) end(null);
          else child.send({ places } satisfies ParquetWish);
          break;
        }
        case "rows":
          for (const [index, cells] of answer.rows.entries()) row(cells, answer.before + index + 1);
          break;
        case "done":
          end(null);
          break;
        case "failed":
          end(answer.fault);
          break;
      }
    };
    child.on("message", (message) => {
      try {
        hear(message);
      } catch (error) {
        clearTimeout(silence);
        child.kill("SIGKILL");
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    child.on("error", (error) => {
      clearTimeout(silence);
      reject(error);
    });
    child.on("exit", () => {
      clearTimeout(silence);
      resolve(wrong);
    });
    child.send({ file } satisfies ParquetTask);
  });
}
