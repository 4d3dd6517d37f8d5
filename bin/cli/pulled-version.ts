/** The first line of a file that `config pull` has written. */
const line = /^# version (\d{1,15})[ \t]*(?=\r?\n|$)/;

export const withVersion = (text: string, version: number): string =>
  line.test(text) ? text.replace(line, `# version ${version}`) : `# version ${version}\n${text}`;

/** The version that a file was made from; undefined where it was not pulled. */
export function pulledVersion(text: string): number | undefined {
  const version = line.exec(text)?.[1];
  return version === undefined ? undefined : Number(version);
}
