/** The version of package.json, set when the program is bundled. */
declare const MEDCTC_VERSION: string | undefined;

export const version = typeof MEDCTC_VERSION === "string" ? MEDCTC_VERSION : "development";
