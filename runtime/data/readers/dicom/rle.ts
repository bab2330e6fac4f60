/**
 * RLE lossless of part 5 of the standard, annex G: a frame is a header of sixteen 32-bit words and, for each byte of a pixel
 * from its most significant one, a segment in the manner of PackBits. Writes the pixels little-endian; what is wrong in words,
 * or null.
 */
export function decodeRle(frame: Uint8Array, bytesEach: number, into: Uint8Array): string | null {
  if (frame.length < headBytes) return `its RLE data have ${frame.length} bytes, but their header has ${headBytes}`;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const segments = view.getUint32(0, true);
  if (segments !== bytesEach) return `its RLE data have ${segments} segments for pixels of ${8 * bytesEach} bits`;
  for (let segment = 0; segment < segments; segment++) {
    const from = view.getUint32(4 * (segment + 1), true);
    const to = segment + 1 < segments ? view.getUint32(4 * (segment + 2), true) : frame.length;
    if (from < headBytes || to < from || to > frame.length) return "its RLE segments lie outside its data";
    if (!unpackSegment(frame.subarray(from, to), bytesEach, into, bytesEach - 1 - segment)) {
      return "its RLE data end before its pixels do";
    }
  }
  return null;
}

const headBytes = 64;

/** Fills every `step`th byte; what follows the last pixel is padding. False where the segment is too short. */
function unpackSegment(segment: Uint8Array, step: number, into: Uint8Array, first: number): boolean {
  let to = first;
  for (let at = 0; to < into.length; ) {
    const control = segment[at++];
    if (control === undefined) return false;
    if (control === 128) continue;
    if (control < 128) {
      for (let left = control; left >= 0 && to < into.length; left--, to += step) {
        const byte = segment[at++];
        if (byte === undefined) return false;
        into[to] = byte;
      }
    } else {
      const byte = segment[at++];
      if (byte === undefined) return false;
      for (let left = 256 - control; left >= 0 && to < into.length; left--, to += step) into[to] = byte;
    }
  }
  return true;
}
