import type * as z from 'zod';
import { Failure } from './failure.ts';

type Fields = { [name: string]: string | Fields };

/** `to.number=+15550177 to.x=y` as `{ to: { number: '+15550177', x: 'y' } }`. */
export function fieldsOf(words: readonly string[]): Fields {
  const all: Fields = Object.create(null) as Fields;
  for (const word of words) {
    const [, path = '', value = ''] = /^([A-Za-z][\w.]*)=(.*)$/s.exec(word) ?? [];
    if (path === '') throw new Failure(`"${word}" is no field: write NAME=VALUE`, 2);
    const names = path.split('.');
    const last = names.pop() ?? '';
    const place = names.reduce<Fields>((here, name) => {
      const inner = here[name];
      if (inner !== undefined && typeof inner === 'object') return inner;
      const fresh: Fields = Object.create(null) as Fields;
      here[name] = fresh;
      return fresh;
    }, all);
    place[last] = value;
  }
  return all;
}

/** Words become numbers, lists and so on where the schema wants such. */
export function withTypes(schema: z.ZodType, input: Record<string, unknown>): Record<string, unknown> {
  const issues = schema.safeParse(input).error?.issues ?? [];
  const wanted = issues.filter(({ code }) => code === 'invalid_type').map(({ path }) => path);
  const typed = structuredClone(input);
  for (const [name, ...rest] of wanted) {
    const value = typed[String(name)];
    if (rest.length === 0 && typeof value === 'string') typed[String(name)] = fromJson(value);
  }
  return typed;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text.includes(',') || /^[A-Za-z]/.test(text) ? text.split(',') : text;
  }
}
