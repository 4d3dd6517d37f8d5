import type { Destination } from '../contracts/commands.ts';
import { parseUri } from './sip-uri.ts';

/** The dialog that a call is to take the place of (RFC 3891), as whom the call goes to sees it. */
export interface Replaces {
  readonly callId: string;
  readonly toTag: string;
  readonly fromTag: string;
  /** As it stands in a header. */
  readonly text: string;
}

/** Whom a REFER names. Everything in it is a stranger's word. */
export interface ReferTo {
  /** Scheme, user, host and port: without parameters, headers and name. */
  readonly uri: string;
  readonly user: string;
  readonly host: string;
  readonly replaces?: Replaces;
}

const MOST_TEXT = 2_048;

/** Undefined where it cannot be read, or asks for anything but one INVITE. */
export function readReferTo(value: string | undefined): ReferTo | undefined {
  if (value === undefined || value.length > MOST_TEXT || !/^[\x20-\x7e]*$/.test(value)) return undefined;
  const [, bracketed, bare] =
    /^\s*(?:(?:"(?:[^"\\]|\\.)*"|[^<>",;]*)\s*<([^<>\s]+)>|([^<>\s,;?"]+))\s*(?:;[^,<>]*)?$/.exec(value) ??
    [];
  const uri = bracketed ?? bare;
  if (uri === undefined) return undefined;
  return /^tel:/i.test(uri) ? readTel(uri) : readSip(uri);
}

/** RFC 3966: digits with visual separators. */
function readTel(uri: string): ReferTo | undefined {
  const number = /^tel:(\+?[0-9*#().-]{1,64})(?:;[^?]*)?$/i.exec(uri)?.[1]?.replace(/[().-]/g, '');
  return number ? { uri: `tel:${number}`, user: number, host: '' } : undefined;
}

function readSip(text: string): ReferTo | undefined {
  const uri = parseUri(text);
  const user = uri && decoded(uri.user);
  if (!uri || user === undefined || !/^(?:;method=INVITE|;(?!method=)[^;]*)*$/i.test(uri.params))
    return undefined;
  const place = uri.port === undefined ? uri.host : `${uri.host}:${uri.port}`;
  const named = user.split(';')[0] ?? '';
  const read = { uri: `${uri.scheme}:${uri.user}@${place}`, user: named, host: uri.host };
  const wanted = /^(?:\?|.*&)Replaces=([^&]*)/i.exec(uri.headers)?.[1];
  if (wanted === undefined) return read;
  const replaces = readReplaces(decoded(wanted));
  return replaces && { ...read, replaces };
}

const token = "[A-Za-z0-9.!%*_+`'~-]{1,256}";
const word = '[A-Za-z0-9.!%*_+`\'~()<>:\\\\"/[\\]?{}@-]{1,512}';
const shape = new RegExp(`^(${word})((?:;(?:to-tag=${token}|from-tag=${token}|early-only))+)$`, 'i');

function readReplaces(text: string | undefined): Replaces | undefined {
  const [, callId, parameters] = shape.exec(text ?? '') ?? [];
  if (text === undefined || callId === undefined || parameters === undefined) return undefined;
  const tag = (name: string) => new RegExp(`;${name}=([^;]+)`, 'i').exec(parameters)?.[1];
  const [toTag, fromTag] = [tag('to-tag'), tag('from-tag')];
  return toTag === undefined || fromTag === undefined ? undefined : { callId, toTag, fromTag, text };
}

function decoded(text: string): string | undefined {
  try {
    const plain = decodeURIComponent(text);
    return /^[\x20-\x7e]*$/.test(plain) ? plain : undefined;
  } catch {
    return undefined;
  }
}

/** The ways in which the configuration may know whom a REFER names, the surest first. */
export function destinationsOf(
  { uri, user, host }: ReferTo,
  realms: Readonly<Record<string, string>>,
): readonly Destination[] {
  const trunks = Object.entries(realms).filter(([, realm]) => realm.toLowerCase() === host.toLowerCase());
  return [
    ...(uri.startsWith('sip') ? [{ uri }] : []),
    ...trunks.map(([trunk]) => ({ user, trunk })),
    ...(/^\+?[0-9*#]{1,32}$/.test(user) ? [{ number: user }] : []),
    ...(user === '' ? [] : [{ agent: user }]),
  ];
}
