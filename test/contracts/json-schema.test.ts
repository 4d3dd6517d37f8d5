import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { jsonSchemas } from '../../contracts/json-schema.ts';
import { examples, messageNames, nearMisses } from './published.ts';

/** What only the zod schemas can say: see contracts/json-schema.ts. */
const beyondJsonSchema = [
  'call.collect.more-than-the-most',
  'call.collect.pattern-that-can-be-slow',
  'call.collect.secret-for-nobody',
  'call.ended.seq-without-edge',
  'command.applied.seq-without-edge',
  'routing-config.agent-that-does-not-exist',
  'routing-config.no-trunk',
  'routing-config.policy-that-does-not-exist',
];

const schemas = jsonSchemas();
const ajv = addFormats.default(new Ajv2020({ strict: true, strictTypes: false, allErrors: true }));
const validators = new Map(messageNames.map((name) => [name, ajv.compile(schemas[name])]));
const accepts = (name: (typeof messageNames)[number], message: unknown) => validators.get(name)?.(message);

describe('JSON Schema', () => {
  test.each(messageNames)('%s has one, of draft 2020-12, under its own id', (name) => {
    expect(schemas[name]).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: `urn:trunkline:v1:${name}`,
      title: name,
    });
  });

  test.each(examples)('accepts the example $name', ({ of, json }) => {
    expect(accepts(of, json)).toBe(true);
  });

  test('accepts a configuration in which every default is left out', () => {
    expect(
      accepts('routing-config', {
        version: 1,
        trunks: { carrier: { sources: ['203.0.113.0/24'] } },
        numbers: { '*': { agent: 'desk' } },
        agents: { desk: { targets: [{ uri: 'sip:desk@192.0.2.10' }] } },
      }),
    ).toBe(true);
  });

  test.each(nearMisses.filter(({ name }) => !beyondJsonSchema.includes(name)))(
    'refuses the near-miss $name',
    ({ of, message }) => {
      expect(accepts(of, message)).toBe(false);
    },
  );

  test.each(beyondJsonSchema)('cannot say what is wrong with %s', (name) => {
    const nearMiss = nearMisses.find((one) => one.name === name);
    expect(nearMiss && accepts(nearMiss.of, nearMiss.message)).toBe(true);
  });

  test('is plain data that a file can hold', () => {
    expect(JSON.parse(JSON.stringify(schemas))).toEqual(schemas);
  });
});
