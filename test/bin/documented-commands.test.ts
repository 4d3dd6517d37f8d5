import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { program } from '../../bin/cli/program.ts';

const root = new URL('../..', import.meta.url).pathname;
const pages = ['README.md', ...['docs', 'examples', 'sdk', 'local', 'bin', 'machine'].flatMap(pagesOf)];

function pagesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !file.includes('node_modules'))
    .map((file) => join(folder, file));
}

interface Written {
  readonly page: string;
  readonly line: string;
}

/** What follows `npx trunkline` in a page, up to the end of the code, a comment or a pipe. */
const written: Written[] = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/npx trunkline(?<rest>(?: [^`\n#|&>)]+)?)/g)].map(
    ({ groups }) => ({ page, line: String(groups?.['rest']).trim() }),
  ),
);

/** What is wrong with a line, or nothing. */
function faultOf(line: string): string | undefined {
  const words = line.split(/\s+/).filter(Boolean);
  let command: Command = program();
  while (command.commands.length > 0 && words.length > 0) {
    const name = words.shift();
    const next = command.commands.find((each) => each.name() === name);
    if (!next) return `${command.name()} has no command "${name}"`;
    command = next;
  }
  const options = words
    .filter((word) => /^--?[a-z]/.test(word))
    .map((word) => word.replace(/[=,.;:].*$/, ''));
  const known = command.options.flatMap(({ long, short }) => [long, short]);
  const strange = options.find((option) => option !== '--help' && !known.includes(option));
  return strange && `${command.name()} has no option ${strange}`;
}

describe('the pages', () => {
  test('name commands and options of npx trunkline that there are', () => {
    const faults = written.flatMap(({ page, line }) => {
      const fault = faultOf(line);
      return fault === undefined ? [] : `${page}: npx trunkline ${line}: ${fault}`;
    });
    expect(written.length).toBeGreaterThan(50);
    expect(faults).toEqual([]);
  });

  test.each([
    ['calls forget ID', 'calls has no command "forget"'],
    ['up --quietly', 'up has no option --quietly'],
  ])('would be found out with %s', (line, fault) => {
    expect(faultOf(line)).toBe(fault);
  });
});
