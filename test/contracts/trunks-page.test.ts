import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { Trunk } from '../../contracts/config/trunk.ts';
import { RoutingConfig } from '../../contracts/config.ts';

const page = readFileSync(new URL('../../docs/trunks.md', import.meta.url), 'utf8');

test('every YAML block of the page on trunks is a valid configuration', () => {
  const blocks = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml = '']) => yaml);
  expect(blocks.length).toBeGreaterThan(0);
  for (const yaml of blocks) expect(RoutingConfig.safeParse(parse(yaml)).error?.issues ?? []).toEqual([]);
});

test.each(Object.keys(Trunk.shape))('the page on trunks tells what %s means', (field) => {
  expect(page).toMatch(new RegExp(`^\\| \`${field}\` +\\|`, 'm'));
});
