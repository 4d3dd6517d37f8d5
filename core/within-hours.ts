import type { Hours } from '../contracts/config.ts';

/** Whether `time` (ISO 8601) lies within the hours. A night that began on a listed day lasts past its midnight. */
export function withinHours(time: string, { timezone, days, from, to }: Hours): boolean {
  const { day, dayBefore, clock } = localTime(time, timezone);
  const listed = (name: string) => days.some((each) => each === name);
  if (from < to) return listed(day) && clock >= from && clock < to;
  return (listed(day) && clock >= from) || (listed(dayBefore) && clock < to);
}

const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

function localTime(time: string, timezone: string) {
  const parts = formatterFor(timezone).formatToParts(new Date(time));
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? '';
  const day = part('weekday').toLowerCase().slice(0, 3);
  const dayBefore = names[(names.indexOf(day) + 6) % 7] ?? '';
  return { day, dayBefore, clock: `${part('hour')}:${part('minute')}` };
}

/** Making one takes longer than deciding a route. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterFor(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en', {
    ...{ timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  });
  formatters.set(timeZone, made);
  return made;
}
