import { type Backend, chooseBackend, type Launch, trainingBackends } from "../../backends/index.ts";
import { problem, type Reporter } from "../reporter.ts";

/** What trains or encodes, as a user asks for it. */
export interface BackendOptions {
  /** The name of a backend that trains, or `auto`. */
  readonly backend: string;
  /** How processes of a backend that has some are started; null where nothing is said of that. */
  readonly launch: Launch | null;
}

/** Chooses what trains or encodes, and loads it; null after reporting why it cannot be had. */
export function backendFor({ backend: wanted, launch }: BackendOptions, reporter: Reporter): Backend | null {
  const chosen = chooseBackend(wanted, trainingBackends, (each) => each.load(launch));
  if (chosen.kind === "unavailable") {
    reporter.problem(problem(chosen.reason, `run: ${chosen.repair}`));
    return null;
  }
  const { backend, note } = chosen;
  if (launch !== null && backend.runs === "programs") {
    reporter.problem(launchProblem(backend));
    return null;
  }
  if (note !== null) reporter.info(note);
  return backend;
}

/** That it was said how processes are started of what has none. */
export function launchProblem({ title }: Backend) {
  return problem(
    `${title} runs in one process, without Python`,
    "add --backend pytorch, or remove what is about its processes",
  );
}
