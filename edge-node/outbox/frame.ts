import { crc32 } from 'node:zlib';

const checksumDigits = 8;
const newline = 0x0a;

const hex = (checksum: number) => checksum.toString(16).padStart(checksumDigits, '0');

/** One line of a journal file: CRC-32 of the text in hex, a space, the text. `text` holds no raw newline, as JSON does not. */
export const frame = (text: string): string => `${hex(crc32(text))} ${text}\n`;

/** The text of a line, or undefined where text and checksum disagree. */
export function unframe(line: Buffer): string | undefined {
  const text = line.subarray(checksumDigits + 1);
  const stated = line.toString('latin1', 0, checksumDigits + 1);
  return stated === `${hex(crc32(text))} ` ? text.toString('utf8') : undefined;
}

/** Cuts a file into lines. `torn` is what stands behind the last newline: a write that never returned. */
export function cutLines(content: Buffer): { readonly lines: readonly Buffer[]; readonly torn: Buffer } {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = content.indexOf(newline); end !== -1; end = content.indexOf(newline, start)) {
    lines.push(content.subarray(start, end));
    start = end + 1;
  }
  return { lines, torn: content.subarray(start) };
}
