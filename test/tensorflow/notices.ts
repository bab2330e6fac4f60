/** What TensorFlow tells of itself while its library is loaded, and of oneDNN on processors without bf16. */
const notices = [/^I0000 /, /^WARNING: All log messages/, /oneDNN supports DT_BFLOAT16 only/];

/** What a process wrote to standard error, without such notices. */
export function withoutNotices(stderr: string): string {
  const isNotice = (line: string): boolean => notices.some((notice) => notice.test(line));
  return stderr
    .split("\n")
    .filter((line) => !isNotice(line))
    .join("\n");
}
