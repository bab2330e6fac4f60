import { rmSync } from "node:fs";
import { join } from "node:path";
import { fitRates } from "../../compiler/index.ts";
import { type Backend, EngineError, oneProcess, type ProgramBackend } from "../backends/index.ts";
import { makeTemporaryFolder } from "../files/index.ts";
import { type Calibrated, type CalibrationRequest, lessMemory, type Message } from "./messages.ts";
import { largeStep, openReference, smallStep, timeStep } from "./reference-step.ts";
import { spreadOf } from "./statistics.ts";
import { calibrateProcesses } from "./time-processes.ts";
import { type Runs, timeProduct } from "./time-program.ts";

/** Rows of the square matrices that are multiplied: about what models have, and so few that nothing but the run takes time. */
const matrixSize = 1024;
const noSize = 8;

/** Runs of each program that are counted unless a number is given. */
const usual: Runs = { milliseconds: 2000, fewest: 5 };

/**
 * Finds what a backend does in a second on this machine, in this process: from products, and from training steps of two sizes. The
 * median of each counts: what slows a machine at times will slow trainings on it, too.
 */
export async function calibrate(
  { steps, launch }: CalibrationRequest,
  backend: Backend,
  tell: (message: Message) => void,
): Promise<Message> {
  const folder = makeTemporaryFolder("medctc-calibrate");
  const runs = steps ?? usual;
  const say = (what: string): void => tell({ kind: "progress", text: `${backend.title}: ${what}` });
  try {
    const found =
      backend.runs === "programs"
        ? await calibratePrograms(backend, folder, runs, say)
        : await calibrateProcesses(backend, launch, folder, { runs, steps, say });
    return { kind: "calibrated", found };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { kind: "failed", problem: { ...error.problem, help: lessMemory } };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function calibratePrograms(
  backend: ProgramBackend,
  folder: string,
  runs: Runs,
  say: (what: string) => void,
): Promise<Calibrated> {
  const productSeconds = async (size: number, dtype: "f32" | "bf16"): Promise<number> =>
    spreadOf(await timeProduct(backend, size, dtype, join(folder, `${dtype}-${size}`), runs)).medianMs / 1000;
  const product = async (dtype: "f32" | "bf16"): Promise<number> => {
    say(`products in ${dtype}`);
    return (2 * matrixSize ** 3) / (await productSeconds(matrixSize, dtype));
  };
  const firstF32 = await product("f32");
  const bf16 = backend.productType("bf16") === "bf16" ? await product("bf16") : null;
  const runSeconds = await productSeconds(noSize, "f32");
  say("small operations");
  const { small, device } = await openReference(smallStep, backend, oneProcess, folder, async (opened) => ({
    small: await timeStep(opened, runs),
    device: opened.engine.device,
  }));
  say("memory");
  const large = await openReference(largeStep, backend, oneProcess, folder, (opened) => timeStep(opened, runs));
  // Again, since the machine may have been busier at one of the times, and a step would seem faster than its own products.
  const f32 = (firstF32 + (await product("f32"))) / 2;
  const rates = fitRates(small, large, { productFlops: { f32, bf16 }, runSeconds });
  return { rates, device, gpus: device === "GPU" ? 1 : null, exchange: null };
}
