import type * as z from 'zod';

/** One fault of a refused message: where it is, what stands there and what should. */
export interface Fault {
  /** Dotted path, `(message)` for the whole. */
  readonly path: string;
  readonly message: string;
}

/** Turns a zod error into faults that name the field and, where it is short and harmless, the value found. */
export function faultsOf(error: z.ZodError, input: unknown): Fault[] {
  return error.issues.map((issue) => {
    const path = issue.path.map(String).join('.') || '(message)';
    // An unknown key is named already; what stands there is the whole object around it.
    const quiet = issue.code === 'unrecognized_keys' || issue.path.some(maySecret);
    const found = quiet ? undefined : valueAt(input, issue.path);
    const shown = found === undefined ? '' : ` (found ${preview(found)})`;
    return { path, message: `${issue.message}${shown}` };
  });
}

/** Fields under which somebody may have written a secret where only its name belongs. */
const maySecret = (key: PropertyKey) => /^(password|secret|authentication|users|.*key)$/i.test(String(key));

/** Reads `path` in `input` without trusting it. */
function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      at !== null && typeof at === 'object' && Object.hasOwn(at, key)
        ? (at as Record<PropertyKey, unknown>)[key]
        : undefined,
    input,
  );
}

function preview(value: unknown): string {
  const text = JSON.stringify(value, (key, part) => (maySecret(key) ? '…' : part)) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
