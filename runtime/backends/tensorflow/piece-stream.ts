/** Elements that come in pieces of any sizes, taken as many at a time as one asks for. */
export class PieceStream {
  private readonly pieces: Iterator<Float32Array>;
  private rest: Float32Array = new Float32Array(0);

  constructor(pieces: Iterable<Float32Array>) {
    this.pieces = pieces[Symbol.iterator]();
  }

  /** Fills an array with the elements that come next; false when there are not as many. */
  fill(into: Float32Array): boolean {
    for (let done = 0; done < into.length; ) {
      while (this.rest.length === 0) {
        const next = this.pieces.next();
        if (next.done === true) return false;
        this.rest = next.value;
      }
      const taken = this.rest.subarray(0, into.length - done);
      into.set(taken, done);
      this.rest = this.rest.subarray(taken.length);
      done += taken.length;
    }
    return true;
  }

  /** Whether everything was taken. */
  isAtEnd(): boolean {
    while (this.rest.length === 0) {
      const next = this.pieces.next();
      if (next.done === true) return true;
      this.rest = next.value;
    }
    return false;
  }
}
