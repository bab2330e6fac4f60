import { build } from "esbuild";

/** Bundles a program of the tests into one file that a process of its own can run. */
export async function bundle(entry: string, output: string): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile: output,
    bundle: true,
    format: "esm",
    platform: "node",
    banner: {
      js: 'import{createRequire as makeRequire}from"node:module";const require=makeRequire(import.meta.url);',
    },
    logLevel: "error",
  });
}
