import { type Finding, findings } from "../backends/index.ts";
import { renderTable } from "../text/index.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

/** `medctc doctor`: what is there, what is missing, and the command that repairs it. */
export function doctor({ json }: { readonly json: boolean }, terminal: Terminal): ExitCode {
  const found = findings();
  if (json) terminal.json(`${JSON.stringify(found, null, 2)}\n`);
  else terminal.out(renderTable(found.map(row), ["left", "left", "left"]));
  return found.some(({ state }) => state === "broken") ? exitCodes.wrong : exitCodes.done;
}

function row({ what, state, detail, repair }: Finding): readonly string[] {
  return [what, state, repair === null ? detail : `${detail}; repair: ${repair}`];
}
