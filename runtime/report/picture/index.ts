/** The model's picture as SVG, of a plan alone, and the colours of all pages: without Node, so that it is drawn in a browser, too. */
export { renderDiagram } from "./diagram.ts";
export { cut, drawText, shorten, tenths } from "./drawing.ts";
export { escapeMarkup, printable } from "./escape.ts";
export { darkPalette, declarePalette, lightPalette, themePalette } from "./palette.ts";
