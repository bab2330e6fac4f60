import { choice, element, labelled } from "../elements.ts";
import type { Package } from "../protocol.ts";
import type { Context, Panel, State } from "./panel.ts";
import { TextView } from "./text-view.ts";

const pauseMs = 300;

/** The package for PyTorch that is written of the spec, a file at a time. */
export function packagePanel({ patient }: Context): Panel {
  let chosen = "";
  let files: Extract<Package, { readonly kind: "files" }>["files"] = [];
  let shown = "";
  let timer: number | undefined;
  const select = choice([], (name) => {
    chosen = name;
    showFile();
  });
  const view = new TextView("PyTorch", () => chosen.replace(/^.*\//, ""));
  const showFile = (): void => {
    const file = files.find(({ name }) => name === chosen) ?? files[0];
    if (file === undefined) {
      view.refuse("");
      return;
    }
    chosen = file.name;
    select.value = file.name;
    view.show({ kind: "text", text: file.text });
  };
  const ask = async (state: State): Promise<void> => {
    const spec = state.shown;
    if (spec === null) return view.refuse("");
    const key = JSON.stringify(spec);
    if (key === shown) return;
    shown = key;
    view.wait();
    patient.interrupt();
    const outcome = await patient.ask<"package">({ kind: "package", spec });
    if (shown !== key) return;
    if (outcome.kind === "superseded") {
      shown = "";
      return;
    }
    view.setCommand(["medctc", "compile", spec.path, "--target", "pytorch", "-o", "package"]);
    if (outcome.kind === "failed") return view.refuse(`internal error: ${outcome.message}`);
    if (outcome.value.kind === "refused") return view.refuse(outcome.value.why);
    files = outcome.value.files;
    // The model is what people come for.
    if (chosen === "") chosen = files.find(({ name }) => name.endsWith("model.py"))?.name ?? "";
    select.replaceChildren(...files.map(({ name }) => element("option", { value: name }, name)));
    showFile();
  };
  return {
    id: "pytorch",
    title: "PyTorch",
    element: element("div", {}, element("div", { class: "fields" }, labelled("File", select)), view.element),
    show: (state) => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => void ask(state), shown === "" ? 0 : pauseMs);
    },
  };
}
