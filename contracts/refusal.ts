import type * as z from 'zod';

/** One fault of a refused message: where it is, what stands there and what should. */
export interface Fault {
  /** Dotted path, `(message)` for the whole. */
  readonly path: string;
  readonly message: string;
}

/** With the path in its parts. */
interface LocatedFault extends Fault {
  readonly at: readonly PropertyKey[];
}

/** Turns a zod error into faults that name the field and, where it is short and harmless, the value found. */
export const faultsOf = (error: z.ZodError, input: unknown): Fault[] =>
  locatedFaultsOf(error, input).map(({ path, message }) => ({ path, message }));

export function locatedFaultsOf(error: z.ZodError, input: unknown): LocatedFault[] {
  return error.issues.flatMap(meantBy).map((issue) => {
    const path = issue.path.map(String).join('.') || '(message)';
    // An unknown key is named already; what stands there is the whole object around it.
    const quiet = issue.code === 'unrecognized_keys' || issue.path.some(maySecret);
    const found = quiet ? undefined : valueAt(input, issue.path);
    const shown = found === undefined ? '' : ` (found ${preview(found)})`;
    return { path, at: issue.path, message: `${issue.message}${shown}` };
  });
}

type Issue = z.ZodError['issues'][number];

/** Of a choice between shapes, the faults of the one that was meant: that to which the keys fit best. */
function meantBy(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union' || issue.message !== 'Invalid input' || issue.errors.length === 0)
    return [issue];
  const [meant = []] = [...issue.errors].sort((one, other) => strangeness(one) - strangeness(other));
  return (meant as readonly Issue[]).flatMap((each) =>
    meantBy({ ...each, path: [...issue.path, ...each.path] }),
  );
}

/** A key that is missing or has no place here tells more against a shape than a value that is wrong. */
const strangeness = (
  issues: readonly { readonly code?: string; readonly keys?: readonly string[] }[],
): number =>
  issues.reduce(
    (sum, { code, keys = [] }) =>
      sum + 1 + (code === 'unrecognized_keys' ? 10 * keys.length : 0) + (code === 'invalid_type' ? 10 : 0),
    0,
  );

/** Fields under which somebody may have written a secret where only its name belongs. */
const maySecret = (key: PropertyKey) =>
  /^(password|secret|authentication|users|bearer|hmac|account|authToken|clientCertificate|cert|.*key)$/i.test(
    String(key),
  );

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
