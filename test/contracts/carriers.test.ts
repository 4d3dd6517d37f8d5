import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { RoutingConfig } from '../../contracts/config.ts';

const folder = new URL('../../examples/carriers/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const textOf = (name: string) => readFileSync(new URL(name, folder), 'utf8');
/** RFC 5737 and RFC 2606: addresses and names that are nobody's. */
const placeholder =
  /\b(192\.0\.2|198\.51\.100|203\.0\.113)\.\d|example\.(com|net|org)|\.example\b|\bmy-|mytrunk|yourcompany/;

test('there is a profile for each of the carriers that the README names', () => {
  const readme = readFileSync(new URL('README.md', folder), 'utf8');
  const named = [...readme.matchAll(/`([a-z-]+\.yaml)`/g)].map(([, name]) => name);
  expect(named.toSorted()).toEqual(files.toSorted());
});

test.each(files)('%s is a configuration without a fault', (name) => {
  const parsed = RoutingConfig.safeParse(parse(textOf(name)));
  expect(parsed.error?.issues ?? []).toEqual([]);
});

test.each(files)("%s says of each line that is nobody's what to put there", (name) => {
  const lines = textOf(name).split('\n');
  const unmarked = lines.filter(
    (line, index) =>
      placeholder.test(line.replace(/#.*/, '')) &&
      !line.includes('REPLACE') &&
      !(lines[index - 1] ?? '').includes('REPLACE'),
  );
  expect(unmarked).toEqual([]);
});

test.each(files)('%s bounds what a stolen password may cost', (name) => {
  const { trunks } = RoutingConfig.parse(parse(textOf(name)));
  const carriers = Object.values(trunks).filter(({ endpoints }) => endpoints.length > 0);
  expect(carriers.every(({ limits }) => limits.spend && limits.perNumber && limits.deny.length > 0)).toBe(
    true,
  );
});
