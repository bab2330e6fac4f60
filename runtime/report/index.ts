export { type ChartSpec, drawChart } from "./chart.ts";
export { hardestCases } from "./compare/hardest.ts";
export { renderComparison } from "./compare/page.ts";
export type { CaseMaterial, ComparisonReport, HardestReport } from "./compare/types.ts";
export { smooth, smoothingSpan } from "./curves.ts";
export { renderDataPage } from "./data-page.ts";
export type {
  DataReport,
  ExamplesReport,
  Picture,
  PictureRow,
  ShownExample,
  VolumesReport,
} from "./data-types.ts";
export { renderGraphPage } from "./graph-page.ts";
export type { LatentsReport } from "./latent-map.ts";
export { inBothWidths, renderTable, type TableCell, type TableColumn } from "./markup.ts";
export { renderReport } from "./page.ts";
export { renderPage } from "./page-shell.ts";
export { darkPalette, escapeMarkup, lightPalette, renderDiagram, themePalette } from "./picture/index.ts";
export { pointsWithin, stepAxis } from "./step-axis.ts";
export { pageColours, styleOf } from "./style.ts";
export type { CurvePoint, RunReport } from "./types.ts";
