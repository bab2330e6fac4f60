import { backendNamed } from "../../backends/index.ts";
import { type Message, measuredOpenable, measure as measureHere, type Request } from "../../bench/index.ts";
import { compilePath } from "../../specs/index.ts";
import { noChoices, openWeights } from "../weights/open.ts";

/** Opens a spec and its weights as a training does, and measures; both were found in order a moment ago by who asks. */
export async function measure(request: Request, tell: (message: Message) => void): Promise<Message> {
  const { path, overrides, program, launch, weights, weightsCopy } = request;
  const compiled = compilePath(path, overrides);
  const { spec, plan } = compiled;
  const backend = backendNamed(request.backend);
  if (spec === null || plan === null || backend === null) throw new Error(`${path} compiles`);
  const openable = measuredOpenable({ spec, plan }, backend, program, launch);
  if (openable.runs === "no-step" || openable.runs === "unwritable")
    throw new Error(`${path} has the program ${program}`);
  const loaded = backend.load(launch);
  if (loaded.kind === "unavailable") {
    return { kind: "failed", problem: { subject: "", message: loaded.reason, help: `run: ${loaded.repair}` } };
  }
  // An adapter's first values do as well: they have the shapes of any.
  const choices = { ...noChoices, copy: weightsCopy };
  const opened = openWeights(openable.model.programs, compiled, { weights, adapter: null, allowMissing: [], choices });
  if (opened.kind === "wrong") throw new Error(`${weights} has the weights of ${path}`);
  try {
    return await measureHere(request, { spec, openable, piecesOf: opened.piecesOf }, tell);
  } finally {
    opened.close();
  }
}
