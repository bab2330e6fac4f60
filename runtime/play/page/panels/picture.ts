import { element } from "../elements.ts";
import type { Context, Panel, State } from "./panel.ts";

/** Widths of pictures are whole steps, so that a window that is drawn larger is not drawn anew at every pixel. */
const widthStep = 40;
const leastWidth = 320;

/** The model as `medctc graph` draws it, as wide as there is room. */
export function picturePanel({ quick }: Context): Panel {
  const figure = element("figure", { class: "diagram" });
  const box = element("div", { class: "picture" }, figure);
  let state: State | null = null;
  let shown = "";
  const draw = async (): Promise<void> => {
    const spec = state?.shown;
    if (spec === null || spec === undefined || box.clientWidth === 0) return;
    const width = Math.max(leastWidth, Math.floor((box.clientWidth - 2) / widthStep) * widthStep);
    const key = JSON.stringify([spec, width]);
    if (key === shown) return;
    const outcome = await quick.ask<"picture">({ kind: "picture", spec, width });
    if (outcome.kind !== "done" || outcome.value === null) return;
    shown = key;
    figure.replaceChildren(readSvg(outcome.value));
  };
  new ResizeObserver(() => void draw()).observe(box);
  return {
    id: "model",
    title: "Model",
    element: box,
    show: (next) => {
      state = next;
      void draw();
    },
  };
}

/** Markup that is SVG alone: whatever it has, it is no script of this page. */
function readSvg(markup: string): Node {
  const read = new DOMParser().parseFromString(markup, "image/svg+xml");
  return document.importNode(read.documentElement, true);
}
