import type * as z from 'zod';

type Read<T> =
  | { readonly value: T; readonly fault: '' }
  | { readonly value: undefined; readonly fault: string };

/** A message of a stranger, or what is wrong with it, by field; never what it said. */
export function jsonOf<S extends z.ZodType>(message: Buffer, schema: S): Read<z.output<S>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(message.toString('utf8'));
  } catch {
    return { value: undefined, fault: 'a text frame must be one JSON object' };
  }
  const read = schema.safeParse(parsed);
  if (read.success) return { value: read.data, fault: '' };
  const faults = read.error.issues.map(
    ({ path, message: what }) => `${path.join('.') || '(message)'}: ${what}`,
  );
  return { value: undefined, fault: faults.join('; ').slice(0, 512) };
}
