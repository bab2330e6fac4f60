import type sharp from "sharp";
import { failed, ok, type Result } from "../../text/index.ts";
import { type Fault, fault } from "../problem.ts";

type Sharp = typeof sharp;

let loading: Promise<Result<Sharp, Fault>> | null = null;

/**
 * The library that decodes pictures, once in a thread. It is no part of medctc's own package, because its native code is
 * another package on each platform.
 */
export function loadSharp(): Promise<Result<Sharp, Fault>> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Result<Sharp, Fault>> {
  let library: Sharp;
  try {
    ({ default: library } = await import("sharp"));
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    const [reason = ""] = (error instanceof Error ? error.message : String(error)).trim().split("\n");
    const message = isMissing
      ? "PNG and JPEG files are read by the package sharp, which is not installed"
      : `PNG and JPEG files are read by the package sharp, which cannot be loaded: ${reason}`;
    return failed(
      fault(message, "Run `npm install sharp` where medctc is installed, with `-g` if it was used for medctc."),
    );
  }
  // Nothing is kept between pictures, and each is decoded by one thread: several are read at once.
  library.cache(false);
  library.concurrency(1);
  // All formats that are not read here stay closed, whatever the first bytes of a file.
  library.block({ operation: ["VipsForeignLoad"] });
  library.unblock({ operation: ["VipsForeignLoadPng", "VipsForeignLoadJpeg"] });
  return ok(library);
}
