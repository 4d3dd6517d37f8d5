import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { RoutingConfig } from '../../contracts/config.ts';

const folder = new URL('../../examples/agents/sip/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const textOf = (name: string) => readFileSync(new URL(name, folder), 'utf8');

test('there is a profile for each provider that the README names', () => {
  const named = [...textOf('README.md').matchAll(/^- `([a-z-]+\.yaml)`/gm)].map(([, name]) => name);
  expect(named.toSorted()).toEqual(files.toSorted());
});

test.each(files)(
  '%s is a configuration whose agent is called over TLS and asked for SRTP, and says where that stands',
  (name) => {
    const text = textOf(name);
    const { agents } = RoutingConfig.parse(parse(text));
    expect(text).toMatch(/^#\s+https:\/\//m);
    const assistant = agents['assistant'];
    expect(assistant?.encryption).not.toBe('off');
    for (const target of assistant?.targets ?? [])
      expect('uri' in target && target.uri).toMatch(/;transport=tls$/);
  },
);

test('whoever takes SRTP only is called with nothing else, by Opus', () => {
  const { agents, policies } = RoutingConfig.parse(parse(textOf('openai-live.yaml')));
  expect(agents['assistant']?.encryption).toBe('required');
  expect(policies[agents['assistant']?.policy ?? '']?.codecs).toMatchObject({
    keep: ['opus'],
    transcode: expect.arrayContaining(['PCMU', 'PCMA']),
  });
});

const suggestion = /^(\s+)# ((?:authentication|headers): \{.*\})$/gm;

test.each(files)('what %s suggests in comments is understood where it stands', (name) => {
  expect(() => RoutingConfig.parse(parse(textOf(name).replace(suggestion, '$1$2')))).not.toThrow();
});

test('a password for us and headers of the caller are suggested somewhere', () => {
  const suggested = files.flatMap((name) =>
    [...textOf(name).matchAll(suggestion)].map(([, , what = '']) => what),
  );
  expect(suggested).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^authentication: /),
      expect.stringMatching(/^headers: \{ passIn: \[X-/),
    ]),
  );
});

test.each(files)('%s marks what is to be replaced', (name) => {
  const lines = textOf(name).split('\n');
  const unmarked = lines.filter(
    (line, index) =>
      /198\.51\.100|\+15550100|proj_0123|my-project/.test(line.replace(/#.*/, '')) &&
      !line.includes('REPLACE') &&
      !(lines[index - 1] ?? '').includes('REPLACE'),
  );
  expect(unmarked).toEqual([]);
});
