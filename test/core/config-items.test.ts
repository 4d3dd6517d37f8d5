import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Codec, RoutingConfig, type RoutingConfigInput } from '../../contracts/config.ts';
import { type ConfigItem, fromItems, toItems } from '../../core/config-items.ts';

const names = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,8}$/);
const dictionary = <T>(keys: fc.Arbitrary<string>, values: fc.Arbitrary<T>, minKeys = 0) =>
  fc.dictionary(keys, values, { minKeys, maxKeys: 4, noNullPrototype: true });

const uris = names.map((name) => `sip:${name}@192.0.2.10:5060`);
const targets = fc.record(
  { uri: uris, priority: fc.nat(65_535), weight: fc.integer({ min: 1, max: 65_535 }) },
  { requiredKeys: ['uri'] },
);
const codecs = fc.uniqueArray(fc.constantFrom(...Codec.options), { minLength: 1 });
const policies = fc.record(
  { codecs: fc.record({ keep: codecs, transcode: codecs }), ringSeconds: fc.integer({ min: 1, max: 180 }) },
  { requiredKeys: [] },
);

/** Each with an address block of its own. */
const trunksNamed = (all: readonly string[]) =>
  Object.fromEntries(all.map((name, index) => [name, { sources: [`10.${index}.0.0/16`] }]));

const configs: fc.Arbitrary<RoutingConfigInput> = fc
  .record({
    trunks: fc.uniqueArray(names, { minLength: 1, maxLength: 4 }).map(trunksNamed),
    agents: dictionary(names, fc.record({ targets: fc.array(targets, { minLength: 1, maxLength: 4 }) }), 1),
    policies: dictionary(names, policies),
    dialled: fc.uniqueArray(fc.stringMatching(/^(\*|\+?[0-9A-Z*#.-]{1,12})$/), { maxLength: 5 }),
    pick: fc.nat(),
  })
  .map(({ dialled, pick, ...config }) => {
    const agents = Object.keys(config.agents);
    const agent = agents[pick % agents.length] ?? '';
    return {
      version: 1,
      ...config,
      numbers: Object.fromEntries(dialled.map((number) => [number, { agent }])),
      routes: {
        abroad: { prefix: '+', from: Object.keys(config.trunks).slice(0, 1), trunks: [{ trunk: 'out' }] },
      },
      trunks: { ...config.trunks, out: { endpoints: [{ host: 'sip.carrier.example' }] } },
    };
  });

const smallest = RoutingConfig.parse({
  version: 1,
  trunks: { carrier: { sources: ['203.0.113.0/24'] } },
  numbers: { '+15550100': { agent: 'desk' } },
  agents: { desk: { targets: [{ uri: 'sip:desk@192.0.2.10' }] } },
});

const changed = (sk: string, value: unknown): ConfigItem[] =>
  toItems(smallest, 4).map((item) => (item.sk === sk ? { ...item, value } : item));

describe('a configuration in the table', () => {
  test('one item for each named thing and one for the version', () => {
    expect(toItems(smallest, 4).map(({ pk, sk }) => `${pk} ${sk}`)).toEqual([
      'routing version',
      'routing guard',
      'routing trunk#carrier',
      'routing number#+15550100',
      'routing agent#desk',
    ]);
  });

  test('what was stored is what is read, in whatever order the items come', () => {
    fc.assert(
      fc.property(configs, fc.nat(), (input, version) => {
        const config = RoutingConfig.parse(input);
        const items = JSON.parse(JSON.stringify(toItems(config, version).reverse())) as ConfigItem[];
        expect(fromItems(items)).toEqual({ version, config });
      }),
    );
  });

  test('an item of a kind that this version does not know is left alone', () => {
    const items = [...toItems(smallest, 4), { pk: 'routing', sk: 'calendar#holidays', value: {} }];
    expect(fromItems(items)).toEqual({ version: 4, config: smallest });
  });

  test('defaults are filled in for an item that a person wrote', () => {
    const items = changed('agent#desk', { targets: [{ uri: 'sip:desk@192.0.2.10' }] });
    expect(fromItems(items).config.agents['desk']).toEqual(smallest.agents['desk']);
  });
});

describe('a table that holds no configuration', () => {
  test('nothing was pushed yet', () => {
    expect(() => fromItems([])).toThrow('no item "version": no configuration was pushed yet');
  });

  test.each([
    ['agent#desk', { targets: [] }, 'agent#desk targets: '],
    ['agent#desk', { targets: [{ uri: 'desk' }] }, 'agent#desk targets.0.uri: must be a SIP URI'],
    ['agent#desk', 'desk', 'agent#desk: '],
    ['number#+15550100', { agent: 'dsk' }, 'number#+15550100 agent: "dsk" is not an agent of this file'],
    ['trunk#carrier', { sources: ['203.0.113.0'] }, 'trunk#carrier sources.0: must be a CIDR block'],
  ])('the item %s as %j: the message names it', (sk, value, says) => {
    expect(() => fromItems(changed(sk, value))).toThrow(says);
  });

  test('every fault is named at once', () => {
    const items = changed('agent#desk', { targets: [] }).map((item) =>
      item.sk === 'trunk#carrier' ? { ...item, value: { sources: 'everybody' } } : item,
    );
    expect(() => fromItems(items)).toThrow(/version 4.*trunk#carrier sources: .*; agent#desk targets: /);
  });

  test('no trunk at all', () => {
    const items = toItems(smallest, 4).filter(({ sk }) => sk !== 'trunk#carrier');
    expect(() => fromItems(items)).toThrow('items trunk#…: needs at least one trunk');
  });
});
