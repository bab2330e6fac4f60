import { type ExchangeRates, fitRates } from "../../compiler/index.ts";
import type { Engine, Launch, ModelBackend } from "../backends/index.ts";
import type { Calibrated } from "./messages.ts";
import { largeStep, openReference, smallStep, timeStep } from "./reference-step.ts";
import type { Runs } from "./time-program.ts";

/** Rows of the square matrices that are multiplied, and bytes that are exchanged: about what large models have. */
const matrixSize = 1024;
const exchangedBytes = 2 ** 24;

/** Runs of each of these that are counted. */
const usual = 10;

/**
 * The rates of what runs models as a whole in processes of its own: of one process, and of two that exchange what a training step of
 * several does.
 */
export async function calibrateProcesses(
  backend: ModelBackend,
  launch: Launch,
  folder: string,
  { runs, steps, say }: { readonly runs: Runs; readonly steps: number | null; readonly say: (what: string) => void },
): Promise<Calibrated> {
  const counted = steps ?? usual;
  const productFlops = async (engine: Engine, dtype: "f32" | "bf16"): Promise<number> =>
    (2 * matrixSize ** 3) / (await parts(engine)(dtype, matrixSize, counted)).seconds;
  say("products and small operations");
  const { small, f32, bf16, gpus, device } = await openReference(smallStep, backend, launch, folder, async (opened) => {
    const { engine } = opened;
    const { gpus } = await parts(engine)("agree", 0, 1);
    const [f32, bf16] = [await productFlops(engine, "f32"), await productFlops(engine, "bf16")];
    return { small: await timeStep(opened, runs), f32, bf16, gpus, device: engine.device };
  });
  say("memory");
  const { large, again } = await openReference(largeStep, backend, launch, folder, async (opened) => ({
    large: await timeStep(opened, runs),
    again: await productFlops(opened.engine, "f32"),
  }));
  // A GPU has one process.
  const exchange = gpus === 1 ? null : await timeExchange();
  async function timeExchange(): Promise<ExchangeRates> {
    say("gathering");
    return await openReference(smallStep, backend, { ...launch, processes: 2 }, folder, async ({ engine }) => {
      const time = parts(engine);
      const { seconds: latencySeconds } = await time("agree", 0, counted);
      const rateOf = async (what: "sum" | "gather"): Promise<number> => {
        const { seconds } = await time(what, exchangedBytes, counted);
        return exchangedBytes / Math.max(seconds - latencySeconds, 1e-9);
      };
      return { latencySeconds, sumBytes: await rateOf("sum"), gatherBytes: await rateOf("gather") };
    });
  }
  // What a step takes besides its operations is counted among these.
  const rates = fitRates(small, large, { productFlops: { f32: (f32 + again) / 2, bf16 }, runSeconds: 0 });
  return { rates, device, gpus: gpus === 0 ? null : gpus, exchange };
}

function parts({ timeParts }: Engine): NonNullable<Engine["timeParts"]> {
  if (timeParts === undefined) throw new Error("invariant: what runs models as a whole times its parts");
  return timeParts;
}
