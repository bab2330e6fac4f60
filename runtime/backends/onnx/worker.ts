import { parentPort } from "node:worker_threads";
import * as Ort from "onnxruntime-node";
import type { Answer, Request, SentTensor } from "./messages.ts";

/** The thread that ONNX Runtime runs in: its own calls hold up the thread that they are made from. */
const sessions = new Map<string, Ort.InferenceSession>();
const kept = new Map<string, Ort.Tensor>();

parentPort?.on("message", (request: Request) => {
  answer(request).then(
    (message) => parentPort?.postMessage(message, message.kind === "done" ? message.lent : []),
    (error: unknown) => {
      const problem = error instanceof Error ? error.message : String(error);
      parentPort?.postMessage({ kind: "failed", problem } satisfies Answer);
    },
  );
});

async function answer(request: Request): Promise<Answer> {
  switch (request.kind) {
    case "load": {
      const options = {
        executionProviders: ["cpu"],
        graphOptimizationLevel: "all",
        executionMode: "sequential",
        logSeverityLevel: 3,
      } as const;
      sessions.set(request.model, await Ort.InferenceSession.create(request.file, options));
      return nothing;
    }
    case "keep":
      for (const [name, tensor] of request.tensors) kept.set(name, received(tensor));
      return nothing;
    case "run": {
      const session = sessions.get(request.model);
      if (session === undefined) throw new Error("a model is loaded before it is run");
      const feeds: Record<string, Ort.Tensor> = {};
      for (const name of session.inputNames) {
        const given = request.inputs.get(name);
        const tensor = given === undefined ? kept.get(name) : received(given);
        if (tensor === undefined) throw new Error(`the model needs the input ${name}`);
        feeds[name] = tensor;
      }
      const results = await session.run(feeds, [...request.wanted, ...request.next.keys()]);
      for (const [output, name] of request.next) kept.set(name, resultOf(results, output));
      const lent = request.lent.flatMap((name) => {
        const memory = request.inputs.get(name)?.data.buffer;
        return memory instanceof ArrayBuffer ? [memory] : [];
      });
      return given(request.wanted, (name) => resultOf(results, name), lent);
    }
    case "read":
      return given(request.names, keptAt, []);
    case "release":
      for (const session of sessions.values()) await session.release();
      sessions.clear();
      kept.clear();
      return nothing;
  }
}

function given(names: readonly string[], tensorOf: (name: string) => Ort.Tensor, lent: readonly ArrayBuffer[]): Answer {
  return { kind: "done", tensors: new Map(names.map((name) => [name, sent(tensorOf(name))])), lent };
}

const nothing: Answer = { kind: "done", tensors: new Map(), lent: [] };

function keptAt(name: string): Ort.Tensor {
  const tensor = kept.get(name);
  if (tensor === undefined) throw new Error(`${name} is not kept`);
  return tensor;
}

function resultOf(results: Ort.InferenceSession.OnnxValueMapType, name: string): Ort.Tensor {
  const result = results[name];
  if (result === undefined) throw new Error(`the model gives no ${name}`);
  return result;
}

function received({ dtype, shape, data }: SentTensor): Ort.Tensor {
  return new Ort.Tensor(dtype, data, [...shape]);
}

function sent({ type, dims, data }: Ort.Tensor): SentTensor {
  if (type === "float32" && data instanceof Float32Array) return { dtype: type, shape: dims, data };
  if (type === "int32" && data instanceof Int32Array) return { dtype: type, shape: dims, data };
  if (type === "bool" && data instanceof Uint8Array) return { dtype: type, shape: dims, data };
  throw new Error(`${type} is not a type of the language`);
}
