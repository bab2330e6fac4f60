import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { prepare, root } from "./prepare.mjs";

/** What `npm pack` and `npm publish` do first: makes dist/ whole, with the types and with ONNX Runtime for every platform. */
await prepare();
const { onnxPlatforms, placeOnnxRuntime } = await import("./onnx-runtime.mjs");
placeOnnxRuntime(root, join(root, "dist"), onnxPlatforms);
const tsc = join(root, "node_modules/typescript/bin/tsc");
const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.types.json"], { cwd: root, stdio: "inherit" });
process.exitCode = status ?? 1;
