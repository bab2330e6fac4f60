import { printCount } from "../../../text/index.ts";
import { announce, notify } from "../announce.ts";
import { button, element, labelled, tickBox } from "../elements.ts";
import type { Placed, PlaceRequest, ShownPlacement } from "../protocol.ts";
import type { Context, Panel, State } from "./panel.ts";
import { TextView } from "./text-view.ts";

/** Compiled for their cost; each takes a part of a second. */
const priced = 5;

/** Placements that meet a budget, each of which can be put into the text. */
export function placePanel(context: Context): Panel {
  const { patient, quick, replaceText } = context;
  let state: State | null = null;
  const budget = element("input", { value: "1M", autocomplete: "off", spellcheck: "false", required: "" });
  const ranks = element("input", { value: "2..64", autocomplete: "off", spellcheck: "false" });
  const kinds = element("input", {
    placeholder: "those of the spec, or lora",
    autocomplete: "off",
    spellcheck: "false",
  });
  const on = element("input", { placeholder: "everything with a role", autocomplete: "off", spellcheck: "false" });
  const given = element("input", { placeholder: "alpha = 2 * rank", autocomplete: "off", spellcheck: "false" });
  const atMost = tickBox("Up to the budget", () => undefined);
  const sameRank = tickBox("One rank for all", () => undefined);
  const found = element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Placements" });
  const view = new TextView("Placements as text", () => "placements.txt");
  const text = element("details", {}, element("summary", {}, "As text"), view.element);
  const status = element("p", { class: "note", role: "status" });
  found.hidden = true;
  text.hidden = true;

  const optionsOf = (): PlaceRequest["options"] => ({
    budget: budget.value.trim(),
    ranks: ranks.value,
    kinds: listed(kinds.value),
    on: on.value.trim() === "" ? null : on.value.trim(),
    with: given.value.trim(),
    atMost: atMost.box.checked,
    sameRank: sameRank.box.checked,
    top: 20,
    costs: priced,
    memory: 0,
  });

  const search = async (): Promise<void> => {
    const spec = state?.shown;
    if (spec === null || spec === undefined) return;
    const options = optionsOf();
    status.textContent = "Searching ...";
    patient.interrupt();
    const outcome = await patient.ask<"place">({ kind: "place", spec, options });
    if (outcome.kind === "superseded") {
      status.textContent = "";
      return;
    }
    if (outcome.kind === "failed") return refuse(`internal error: ${outcome.message}`);
    if (outcome.value.kind === "refused") return refuse(outcome.value.why);
    view.setCommand(commandOf(spec.path, options));
    view.show({ kind: "text", text: outcome.value.text });
    showFound(outcome.value.placements);
  };
  const refuse = (why: string): void => {
    status.textContent = why;
    found.hidden = true;
    text.hidden = true;
  };
  const showFound = (placements: Extract<Placed, { readonly kind: "found" }>["placements"]): void => {
    status.textContent = placements.length === 0 ? "No placement found." : `The ${placements.length} simplest:`;
    found.hidden = placements.length === 0;
    text.hidden = false;
    found.replaceChildren(tableOf(placements, (placement) => void put(placement)));
  };
  const put = async ({ lines, imports }: ShownPlacement): Promise<void> => {
    if (state === null) return;
    const outcome = await quick.ask<"put">({ kind: "put", spec: state.spec, lines, imports });
    if (outcome.kind !== "done" || outcome.value === null)
      return notify("The text has a mistake in its form; mend it first.");
    replaceText(outcome.value);
    notify("The placement is in the text.");
    announce("The placement is in the text.");
  };

  const form = element(
    "form",
    { class: "fields" },
    labelled("Budget", budget, "such as 1.67M, 409_600 or 0.38%"),
    labelled("Ranks", ranks),
    labelled("Adapters", kinds),
    labelled("On", on),
    labelled("Arguments", given),
    element(
      "div",
      { class: "ticks" },
      atMost.field,
      sameRank.field,
      element("button", { type: "submit", class: "primary" }, "Find placements"),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void search();
  });
  return {
    id: "place",
    title: "Place",
    element: element("div", {}, form, status, found, text),
    show: (next) => {
      // The first budget is what the spec has: what else costs as much?
      if ((state?.counts ?? null) === null && next.counts !== null && next.counts.trainable > 0)
        budget.value = printUnderscored(next.counts.trainable);
      state = next;
    },
  };
}

/** A count as specs write it. */
function printUnderscored(count: number): string {
  return printCount(count).replaceAll(",", "_");
}

function listed(text: string): readonly string[] | null {
  const names = text.split(",").flatMap((name) => (name.trim() === "" ? [] : [name.trim()]));
  return names.length === 0 ? null : names;
}

function commandOf(path: string, options: PlaceRequest["options"]): readonly string[] {
  const { budget, ranks, kinds, on, with: given, atMost, sameRank } = options;
  return [
    ...["medctc", "place", path, "--budget", budget],
    ...(atMost ? ["--at-most"] : []),
    ...(kinds === null ? [] : ["--kinds", kinds.join(",")]),
    ...(ranks === "2..64" ? [] : ["--ranks", ranks]),
    ...(on === null ? [] : ["--on", on]),
    ...(sameRank ? ["--same-rank"] : []),
    ...(given === "" ? [] : ["--with", given]),
  ];
}

function tableOf(placements: readonly ShownPlacement[], put: (placement: ShownPlacement) => void): HTMLElement {
  const head = ["placement", "trainable", "share", "step", ""].map((title, column) =>
    column === 4
      ? element("td", {})
      : element("th", { scope: "col", ...(column > 0 ? { class: "number" } : {}) }, title),
  );
  const rows = placements.map((placement, index) => {
    const code = element("code", {}, placement.lines.join("\n"));
    return element(
      "tr",
      {},
      element("th", { scope: "row", id: `placement-${index}` }, code),
      element("td", { class: "number" }, printCount(placement.trainable)),
      element("td", { class: "number" }, placement.share),
      element("td", { class: "number" }, placement.step),
      element(
        "td",
        {},
        button("Use", () => put(placement), { "aria-label": `Use ${placement.lines.join("; ")}` }),
      ),
    );
  });
  return element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows));
}
