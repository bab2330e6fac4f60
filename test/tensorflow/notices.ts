/** What a process wrote to standard error, without what TensorFlow tells of itself while its library is loaded. */
export function withoutNotices(stderr: string): string {
  const isNotice = (line: string): boolean => line.startsWith("I0000 ") || line.startsWith("WARNING: All log messages");
  return stderr
    .split("\n")
    .filter((line) => !isNotice(line))
    .join("\n");
}
