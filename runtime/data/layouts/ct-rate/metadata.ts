import { failed, ok, type Result } from "../../../text/index.ts";
import { type Fault, fault } from "../../problem.ts";
import { quoted } from "../../quoted.ts";
import type { VolumeMetadata } from "../../transforms/index.ts";

/** Two distances are one when they differ by no more than that share: CT-CLIP reads the first alone. */
const unequalFrom = 1e-3;

export const metadataColumns = ["RescaleSlope", "RescaleIntercept", "XYSpacing", "ZSpacing"] as const;

/** Reads the cells of `metadataColumns`, in their order. */
export function parseMetadata(cells: readonly string[]): Result<VolumeMetadata, Fault> {
  const [slopeCell = "", interceptCell = "", xyCell = "", zCell = ""] = cells;
  const slope = numberIn(slopeCell);
  if (slope === null) return wrongNumber("RescaleSlope", slopeCell);
  if (slope === 0) return failed(fault("its RescaleSlope is 0, which makes all voxels equal"));
  const intercept = numberIn(interceptCell);
  if (intercept === null) return wrongNumber("RescaleIntercept", interceptCell);
  const [, xText = "", yText = ""] = /^\[([^[\],]*),([^[\],]*)\]$/.exec(xyCell.trim()) ?? [];
  const [x, y] = [numberIn(xText), numberIn(yText)];
  if (x === null || y === null) {
    const message = `its XYSpacing is ${shown(xyCell)}, but two numbers are expected`;
    return failed(fault(message, "write it as [0.75, 0.75], in millimetres"));
  }
  const zSpacing = numberIn(zCell);
  if (zSpacing === null) return wrongNumber("ZSpacing", zCell);
  for (const [name, spacing] of [
    ["XYSpacing", x],
    ["XYSpacing", y],
    ["ZSpacing", zSpacing],
  ] as const) {
    if (spacing <= 0) return failed(fault(`its ${name} is ${spacing}, which is not a distance`));
  }
  if (Math.abs(x - y) > unequalFrom * x) {
    const message = `its XYSpacing is ${shown(xyCell)}: CT-CLIP's resampling needs square voxels`;
    return failed(fault(message, "resample the volume to square voxels first"));
  }
  return ok({ slope, intercept, xySpacing: x, zSpacing });
}

export function sameMetadata(a: VolumeMetadata, b: VolumeMetadata): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function wrongNumber(name: string, cell: string): Result<never, Fault> {
  return failed(fault(`its ${name} is ${shown(cell)}, but a number is expected`));
}

function shown(cell: string): string {
  return cell.trim() === "" ? "empty" : quoted(cell);
}

/** A finite decimal number; `Number` alone would take `0x10`, and an empty cell for 0. */
function numberIn(cell: string): number | null {
  const text = cell.trim();
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
