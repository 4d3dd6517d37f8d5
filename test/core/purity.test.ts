import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const core = new URL('../../core/', import.meta.url);
const sources = readdirSync(core).filter((name) => name.endsWith('.ts'));

/** What comes from outside; imports are held by dependency-cruiser. */
const impure =
  /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bprocess\.|\bawait\b|\basync\b|\bfetch\(|\bcrypto\./;

describe('what is decided is pure', () => {
  test.each(sources)('%s takes time, chance and everything else as arguments', (name) => {
    expect(readFileSync(new URL(name, core), 'utf8')).not.toMatch(impure);
  });
});
