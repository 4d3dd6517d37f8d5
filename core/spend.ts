import type { TrunkLimits } from '../contracts/config.ts';

const periods = ['hour', 'day'] as const;
type Period = (typeof periods)[number];
const units = ['minutes', 'money'] as const;
type Unit = (typeof units)[number];

const lengthMs: Readonly<Record<Period, number>> = { hour: 3_600_000, day: 86_400_000 };

/** What calls out over one trunk have come to since `since`, ms since 1970: the start of an hour or a day of UTC. */
interface Tally {
  readonly since: number;
  readonly minutes: number;
  readonly money: number;
}
export type Usage = Readonly<Record<Period, Tally>>;

export const nothingUsed: Usage = {
  hour: { since: 0, minutes: 0, money: 0 },
  day: { since: 0, minutes: 0, money: 0 },
};

/** Adds to the hour and the day of `now`; what belongs to an earlier one is forgotten. */
export function use(usage: Usage, now: number, minutes: number, money: number): Usage {
  const tally = (period: Period): Tally => {
    const since = Math.floor(now / lengthMs[period]) * lengthMs[period];
    const known = usage[period].since === since ? usage[period] : { since, minutes: 0, money: 0 };
    return { since, minutes: known.minutes + minutes, money: known.money + money };
  };
  return { hour: tally('hour'), day: tally('day') };
}

/** Guessed price of a minute. A number that no rate covers costs as much as the dearest: what is forgotten is not free. */
export function perMinute(number: string, rates: TrunkLimits['rates'] = []): number {
  const fitting = rates.filter(({ prefix }) => number.startsWith(prefix));
  const [best] = fitting.sort((one, other) => other.prefix.length - one.prefix.length);
  return best?.perMinute ?? Math.max(0, ...rates.map((rate) => rate.perMinute));
}

/** What of a cap is used. */
export interface CapUsed {
  readonly period: Period;
  readonly unit: Unit;
  readonly used: number;
  readonly cap: number;
  readonly currency?: string;
  /** The cap is reached. */
  readonly refusing: boolean;
}

/** Many small parts do not sum up to the whole to the last digit. */
const ALMOST = 1e-6;

type Caps = Pick<TrunkLimits, 'minutes' | 'spend'>;
type Cap = CapUsed & { readonly alarmAt: number };

const rounded = ({ alarmAt: _, used, ...cap }: Cap): CapUsed => ({
  ...cap,
  used: Math.round(used * 100) / 100,
});

/** Every cap of the trunk. */
export const capsUsed = (usage: Usage, limits: Caps): CapUsed[] => capsOf(usage, limits).map(rounded);

/** Those that are near or reached. */
export const strainsOf = (usage: Usage, limits: Caps): CapUsed[] =>
  capsOf(usage, limits)
    .filter(({ used, cap, alarmAt }) => used >= cap * alarmAt - ALMOST)
    .map(rounded);

/** How much of the cap that is used most; 0 without caps. */
export const shareUsed = (usage: Usage, limits: Caps): number =>
  Math.max(0, ...capsOf(usage, limits).map(({ used, cap }) => used / cap));

function capsOf(usage: Usage, { minutes, spend }: Caps): Cap[] {
  const caps = { minutes, money: spend };
  return units.flatMap((unit) =>
    periods.flatMap((period) => {
      const limits = caps[unit];
      const cap = period === 'hour' ? limits?.perHour : limits?.perDay;
      if (!limits || cap === undefined) return [];
      const used = usage[period][unit];
      const currency = unit === 'money' && spend ? { currency: spend.currency } : {};
      return [
        {
          ...{ period, unit, used, cap },
          ...currency,
          refusing: used >= cap - ALMOST,
          alarmAt: limits.alarmAt,
        },
      ];
    }),
  );
}
