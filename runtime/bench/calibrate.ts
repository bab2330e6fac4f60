import { rmSync } from "node:fs";
import { join } from "node:path";
import { buildChain, movedBy } from "../../compiler/index.ts";
import { EngineError, type ProgramBackend } from "../backends/index.ts";
import { makeTemporaryFolder } from "../files/index.ts";
import { type CalibrationRequest, lessMemory, type Message } from "./messages.ts";
import { spreadOf } from "./statistics.ts";
import { type Runs, timeProduct, timeProgram } from "./time-program.ts";

/** Rows of the square matrices that are multiplied: about what models have. */
const matrixSize = 1024;

/** Matrices that no cache holds; and those on which an operation takes no time, in few and in many rounds. */
const large = { size: 2048, rounds: 4 };
const small = { size: 8, few: 10, many: 110 };

/** Runs of each program that are counted unless a number is given. */
const usual: Runs = { milliseconds: 2000, fewest: 5 };

/** Finds what a backend does in a second on this machine, in this process, by programs that have little but what is looked for. */
export async function calibrate(
  { steps }: CalibrationRequest,
  backend: ProgramBackend,
  tell: (message: Message) => void,
): Promise<Message> {
  const folder = makeTemporaryFolder("medctc-calibrate");
  const runs = steps ?? usual;
  const say = (what: string): void => tell({ kind: "progress", text: `${backend.title}: ${what}` });
  const secondsOf = (timesMs: readonly number[]): number => spreadOf(timesMs).medianMs / 1000;
  const product = async (dtype: "f32" | "bf16"): Promise<number> => {
    say(`products in ${dtype}`);
    const timesMs = await timeProduct(backend, matrixSize, dtype, join(folder, dtype), runs);
    return (2 * matrixSize ** 3) / secondsOf(timesMs);
  };
  const chain = async (size: number, rounds: number, products: "with products" | "without") => {
    const built = buildChain(size, rounds, products);
    const trainable = new Set(built.parameters.map(({ path }) => path));
    const place = join(folder, `chain-${size}-${rounds}`);
    const seconds = secondsOf(await timeProgram(backend, built, trainable, place, runs));
    return { seconds, ...movedBy(built.program) };
  };
  try {
    const f32 = await product("f32");
    const bf16 = backend.productType("bf16") === "bf16" ? await product("bf16") : null;
    say("memory");
    const moved = await chain(large.size, large.rounds, "without");
    say("small operations");
    const few = await chain(small.size, small.few, "with products");
    const many = await chain(small.size, small.many, "with products");
    // Of two numbers that are close, on a busy machine, the larger may be the other one.
    const operationSeconds = Math.max(0, many.seconds - few.seconds) / (many.operations - few.operations);
    const runSeconds = Math.max(0, few.seconds - few.operations * operationSeconds);
    const bytes = moved.bytes / moved.seconds;
    return { kind: "calibrated", rates: { productFlops: { f32, bf16 }, bytes, operationSeconds, runSeconds } };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { kind: "failed", problem: { ...error.problem, help: lessMemory } };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
