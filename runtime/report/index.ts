export { renderDiagram } from "./diagram.ts";
export { renderGraphPage } from "./graph-page.ts";
export { renderReport } from "./page.ts";
export { darkPalette, lightPalette } from "./palette.ts";
export type { CurvePoint, RunReport } from "./types.ts";
