/** One `SCHEME name=value, …` of an authentication header (RFC 9110 §11). Names are in lower case, values unquoted. */
export interface AuthParams {
  readonly scheme: string;
  readonly params: ReadonlyMap<string, string>;
}

/** Longest header that is read: the rest of the world writes a tenth of it. */
const MAX_LENGTH = 4_096;

/** `name=value` with perhaps a scheme before it, which begins the next challenge, and a comma or the end after it. */
const part =
  /[\s,]*(?:([A-Za-z][A-Za-z0-9_-]*)\s+)?([A-Za-z][A-Za-z0-9_-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))\s*(?=,|$)/gsy;

/**
 * Reads one header, or several that were joined with commas: both look alike. Undefined where any of it cannot be read:
 * half of a challenge is no challenge.
 */
export function parseAuthHeader(text: string): AuthParams[] | undefined {
  if (text.length > MAX_LENGTH || /[^\x20-\x7e\x80-\uffff]/.test(text.replace(/\r?\n?[ \t]+/g, ' ')))
    return undefined;
  const read: { scheme: string; params: Map<string, string> }[] = [];
  part.lastIndex = 0;
  for (let end = 0; /[^\s,]/.test(text.slice(end)); end = part.lastIndex) {
    const [matched, scheme, name = '', quoted, token = ''] = part.exec(text) ?? [];
    if (matched === undefined) return undefined;
    if (scheme !== undefined) read.push({ scheme: scheme.toLowerCase(), params: new Map() });
    const current = read.at(-1);
    const key = name.toLowerCase();
    // RFC 9110 §11.2: a name stands once; a second one could be meant for another reader than us.
    if (!current || current.params.has(key)) return undefined;
    current.params.set(key, quoted?.replace(/\\(.)/gs, '$1') ?? token);
  }
  return read;
}

/** A quoted-string (RFC 3261 §25.1). */
export const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
