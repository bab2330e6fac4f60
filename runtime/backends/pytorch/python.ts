import { spawnSync } from "node:child_process";

export type FoundPython =
  | { readonly kind: "ready"; readonly python: string; readonly torch: string; readonly cuda: string | null }
  | { readonly kind: "unavailable"; readonly reason: string; readonly repair: string };

/** Until the real one is there. */
export function findPython(wanted: string | null): FoundPython {
  const python = wanted ?? process.env["MEDCTC_PYTHON"] ?? "python3";
  const { status, stdout } = spawnSync(python, ["-c", "import importlib.metadata as m; print(m.version('torch'))"], {
    encoding: "utf8",
  });
  if (status === 0) return { kind: "ready", python, torch: stdout.trim(), cuda: null };
  return { kind: "unavailable", reason: "there is no Python with PyTorch", repair: "medctc backend install pytorch" };
}
