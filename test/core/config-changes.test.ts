import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RoutingConfig } from '../../contracts/config.ts';
import { configChanges } from '../../core/config-changes.ts';
import { type ConfigItem, toItems } from '../../core/config-items.ts';

const config = (over: object = {}) =>
  toItems(
    RoutingConfig.parse({
      version: 1,
      trunks: { carrier: { sources: ['192.0.2.0/24'], limits: { calls: 10 } } },
      numbers: { '+15550100': { agent: 'echo' } },
      agents: { echo: { targets: [{ uri: 'sip:echo@192.0.2.9' }] } },
      ...over,
    }),
    1,
  );

test('a change is told by the item and by what differs in it', () => {
  const after = config({
    trunks: { carrier: { sources: ['192.0.2.0/24', '198.51.100.0/24'], limits: { calls: 20 } } },
    numbers: { '+15550101': { agent: 'echo' } },
  });
  expect(configChanges(config(), after)).toEqual([
    { item: 'number#+15550100', change: 'removed', paths: [] },
    { item: 'number#+15550101', change: 'added', paths: [] },
    { item: 'trunk#carrier', change: 'changed', paths: ['limits.calls', 'sources.1'] },
  ]);
});

test('nothing but another version is no change', () => {
  expect(
    configChanges(
      config(),
      config().map((item) => (item.sk === 'version' ? { ...item, value: 9 } : item)),
    ),
  ).toEqual([]);
});

test('what is written for the changes makes the one configuration the other', () => {
  const item = fc.record({
    pk: fc.constant('routing'),
    sk: fc.constantFrom('a#1', 'a#2', 'b#1', 'guard'),
    value: fc.jsonValue(),
  });
  const items = fc.uniqueArray(item, { selector: ({ sk }) => sk });
  fc.assert(
    fc.property(items, items, (before, after) => {
      const result = new Map<string, unknown>(before.map((each: ConfigItem) => [each.sk, each.value]));
      for (const { item: sk, change } of configChanges(before, after)) {
        if (change === 'removed') result.delete(sk);
        else result.set(sk, after.find((each) => each.sk === sk)?.value);
      }
      expect(Object.fromEntries(result)).toEqual(
        Object.fromEntries(after.map(({ sk, value }) => [sk, value])),
      );
    }),
  );
});
