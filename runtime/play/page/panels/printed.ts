import { passNames, programNames } from "../../../../compiler/names.ts";
import { choice, labelled, tickBox } from "../elements.ts";
import type { PrintRequest } from "../protocol.ts";
import type { Context, Panel } from "./panel.ts";
import { printPanel } from "./print-panel.ts";

export function summaryPanel(context: Context): Panel {
  let withMemory = false;
  return printPanel(
    {
      id: "summary",
      title: "Summary",
      fields: (changed) => [
        tickBox("Expected memory of a training step", (isTicked) => {
          withMemory = isTicked;
          changed();
        }).field,
      ],
      asked: () => ({
        what: "summary",
        after: null,
        withMemory,
        command: (path) => ["medctc", "compile", path, ...(withMemory ? ["--memory"] : [])],
        isSlow: withMemory,
      }),
    },
    context,
  );
}

export function parametersPanel(context: Context): Panel {
  let onlyTrained = false;
  return printPanel(
    {
      id: "parameters",
      title: "Parameters",
      fields: (changed) => [
        tickBox("Only what is trained", (isTicked) => {
          onlyTrained = isTicked;
          changed();
        }).field,
      ],
      asked: () => ({
        what: onlyTrained ? "trained-parameters" : "parameters",
        after: null,
        withMemory: false,
        command: (path) => ["medctc", "params", path, ...(onlyTrained ? ["--trainable"] : [])],
        isSlow: false,
      }),
    },
    context,
  );
}

export function planPanel(context: Context): Panel {
  return printPanel(
    {
      id: "plan",
      title: "Plan",
      fields: () => [],
      asked: () => ({
        what: "plan",
        after: null,
        withMemory: false,
        command: (path) => ["medctc", "compile", path, "--emit", "plan"],
        isSlow: false,
      }),
    },
    context,
  );
}

const allPasses = "all";

export function programsPanel(context: Context): Panel {
  const programs: readonly PrintRequest["what"][] = [...programNames, "passes"];
  let what: PrintRequest["what"] = "forward";
  let after: string | null = null;
  return printPanel(
    {
      id: "programs",
      title: "Programs",
      fields: (changed) => [
        labelled(
          "Program",
          choice(programs, (chosen) => {
            what = programs.find((each) => each === chosen) ?? "forward";
            changed();
          }),
        ),
        labelled(
          "After the pass",
          choice([allPasses, "none", ...passNames], (chosen) => {
            after = chosen === allPasses ? null : chosen;
            changed();
          }),
        ),
      ],
      asked: () => ({
        what,
        after,
        withMemory: false,
        command: (path) => [
          ...["medctc", "compile", path, "--emit", what],
          ...(after === null || what === "passes" ? [] : ["--after", after]),
        ],
        isSlow: true,
      }),
    },
    context,
  );
}
