import { failed, ok, type Result } from "../../../text/index.ts";
import { type Fault, fault } from "../../problem.ts";
import { quoted } from "../../quoted.ts";

/** How a file writes its pixels. */
export interface TransferSyntax {
  readonly pixels: "native" | "rle" | "jpeg-lossless";
  readonly littleEndian: boolean;
}

const little = { pixels: "native", littleEndian: true } as const;

/** By the UIDs of part 5 of the standard, annex A; of those that are not read, the name and what rewrites them. */
const syntaxes: ReadonlyMap<string, TransferSyntax | { readonly name: string; readonly rewrite: Rewriting }> = new Map<
  string,
  TransferSyntax | { readonly name: string; readonly rewrite: Rewriting }
>([
  ["1.2.840.10008.1.2", little],
  ["1.2.840.10008.1.2.1", little],
  ["1.2.840.10008.1.2.1.99", little],
  ["1.2.840.10008.1.2.2", { pixels: "native", littleEndian: false }],
  ["1.2.840.10008.1.2.5", { pixels: "rle", littleEndian: true }],
  ["1.2.840.10008.1.2.4.50", { name: "JPEG baseline", rewrite: "dcmdjpeg" }],
  ["1.2.840.10008.1.2.4.51", { name: "JPEG extended", rewrite: "dcmdjpeg" }],
  ["1.2.840.10008.1.2.4.57", { pixels: "jpeg-lossless", littleEndian: true }],
  ["1.2.840.10008.1.2.4.70", { pixels: "jpeg-lossless", littleEndian: true }],
  ["1.2.840.10008.1.2.4.80", { name: "JPEG-LS lossless", rewrite: "dcmdjpls" }],
  ["1.2.840.10008.1.2.4.81", { name: "JPEG-LS near-lossless", rewrite: "dcmdjpls" }],
  ["1.2.840.10008.1.2.4.90", { name: "JPEG 2000 lossless", rewrite: "gdcmconv --raw" }],
  ["1.2.840.10008.1.2.4.91", { name: "JPEG 2000", rewrite: "gdcmconv --raw" }],
  ["1.2.840.10008.1.2.4.201", { name: "High-Throughput JPEG 2000 lossless", rewrite: "gdcmconv --raw" }],
  ["1.2.840.10008.1.2.4.202", { name: "High-Throughput JPEG 2000 lossless", rewrite: "gdcmconv --raw" }],
  ["1.2.840.10008.1.2.4.203", { name: "High-Throughput JPEG 2000", rewrite: "gdcmconv --raw" }],
]);

/** Programs of DCMTK and GDCM that write a file without compression. */
type Rewriting = "dcmdjpeg" | "dcmdjpls" | "gdcmconv --raw";

export function transferSyntaxOf(uid: string): Result<TransferSyntax, Fault> {
  const syntax = syntaxes.get(uid);
  if (syntax === undefined) {
    const help = "Write it as Explicit VR Little Endian, for example with `gdcmconv --raw IN OUT`.";
    return failed(fault(`its transfer syntax ${quoted(uid)} is not supported`, help));
  }
  if ("pixels" in syntax) return ok(syntax);
  const message = `its pixels are compressed as ${syntax.name} (transfer syntax ${uid}), which is not supported`;
  return failed(fault(message, `Decompress it first, for example with \`${syntax.rewrite} IN OUT\`.`));
}
