import type { Comment } from "../comments.ts";

/** The comments of a file in order, each handed out once, to the place that prints it. */
export class CommentQueue {
  private readonly comments: readonly Comment[];
  private readonly taken: boolean[];
  private first = 0;

  constructor(comments: readonly Comment[]) {
    this.comments = comments;
    this.taken = comments.map(() => false);
  }

  /** Takes the comments that start at or after `from` and before `to`. */
  take(from: number, to: number): readonly Comment[] {
    while (this.taken[this.first] === true) this.first++;
    const found: Comment[] = [];
    for (let index = this.first; index < this.comments.length; index++) {
      const comment = this.comments[index];
      if (comment === undefined || comment.span.start >= to) break;
      if (comment.span.start < from || this.taken[index] === true) continue;
      this.taken[index] = true;
      found.push(comment);
    }
    return found;
  }

  /** Takes the next comment in a range when it is as wanted. */
  takeNext(from: number, to: number, isWanted: (comment: Comment) => boolean): Comment | null {
    let index = this.first;
    while (this.taken[index] === true || (this.comments[index]?.span.start ?? from) < from) index++;
    const comment = this.comments[index];
    if (comment === undefined || comment.span.start >= to || !isWanted(comment)) return null;
    this.taken[index] = true;
    return comment;
  }
}
