export { pagePolicy } from "./document.ts";
export { type PageFile, pageFiles } from "./page-files.ts";
export { pageTexts } from "./page-texts.ts";
