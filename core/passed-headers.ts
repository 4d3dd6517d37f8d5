import type { HeaderRules } from '../contracts/config.ts';
import type { ReceivedHeaders } from './caller-identity.ts';

/** So many headers of a call are taken, each so long at most; what is more or longer is left out whole. */
const MOST_HEADERS = 16;
const MOST_CHARACTERS = 1024;
/** These tell the whole way of a call, hop by hop. */
const MOST_OF_A_WAY = 2048;

type Taken = Readonly<Record<string, string>>;

/** What a trunk's rules take from an INVITE; by name as it is written on the wire. */
export interface TakenHeaders {
  /** By the allow-list `passIn`. */
  readonly custom: Taken;
  readonly diversion?: string;
  readonly historyInfo?: string;
  readonly referredBy?: string;
}

export function takeHeaders(
  headers: ReceivedHeaders,
  rules: Pick<HeaderRules, 'diversion' | 'historyInfo' | 'referredBy'> & {
    readonly passIn: readonly string[];
  },
): TakenHeaders {
  const custom = Object.entries(headers)
    .filter(([name, value]) => matches(name, rules.passIn) && isSafe(value, MOST_CHARACTERS))
    .slice(0, MOST_HEADERS)
    .map(([name, value]) => [spelled(name), value] as const);
  const way = (name: string, rule: 'pass' | 'remove') => {
    const value = headers[name];
    return rule === 'pass' && value !== undefined && isSafe(value, MOST_OF_A_WAY) ? value : undefined;
  };
  const diversion = way('diversion', rules.diversion);
  const historyInfo = way('history-info', rules.historyInfo);
  const referredBy = way('referred-by', rules.referredBy);
  return {
    custom: Object.fromEntries(custom),
    ...(diversion === undefined ? {} : { diversion }),
    ...(historyInfo === undefined ? {} : { historyInfo }),
    ...(referredBy === undefined ? {} : { referredBy }),
  };
}

/** Of what was taken, what goes on; `rules` of the trunk it goes to, undefined for an agent, who gets all. */
export function passHeaders(taken: TakenHeaders, rules: HeaderRules | undefined): Taken {
  const { custom, diversion, historyInfo, referredBy } = taken;
  const may = Object.entries(custom).filter(([name]) => !rules || matches(name, rules.passOut));
  const passes = (rule: 'pass' | 'remove' | undefined) => rule !== 'remove';
  return {
    ...Object.fromEntries(may),
    ...(diversion !== undefined && passes(rules?.diversion) ? { Diversion: diversion } : {}),
    ...(historyInfo !== undefined && passes(rules?.historyInfo) ? { 'History-Info': historyInfo } : {}),
    ...(referredBy !== undefined && passes(rules?.referredBy) ? { 'Referred-By': referredBy } : {}),
  };
}

/** Our own headers are never another's to say. */
function matches(name: string, patterns: readonly string[]): boolean {
  const lower = name.toLowerCase();
  if (lower.startsWith('x-trunkline-')) return false;
  return patterns.some((pattern) => {
    const wanted = pattern.toLowerCase();
    return wanted.endsWith('*') ? lower.startsWith(wanted.slice(0, -1)) : lower === wanted;
  });
}

/** A line break in a value would begin a header that nobody allowed. */
const isSafe = (value: string, most: number) =>
  value.length <= most && ![...value].some((character) => character < ' ' || character === '\x7f');

/** `x-account-id` as `X-Account-Id`: SIP does not care, people do. */
const spelled = (name: string) => name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
