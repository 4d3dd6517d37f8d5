type Named = Record<string, unknown>;
type Fault = (path: PropertyKey[], message: string) => void;

const named = (value: unknown): Named =>
  value !== null && typeof value === 'object' ? (value as Named) : {};
const field = (value: unknown, key: string) => named(value)[key];
const items = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** Numbers that are called for an agent: a route must lead to each, and none may lead back to where it is called from. */
export function checkCalledNumbers(config: unknown, fault: Fault): void {
  const prefixes = Object.values(named(field(config, 'routes'))).map((route) => field(route, 'prefix'));
  for (const agent of Object.keys(named(field(config, 'agents'))))
    for (const { number, index } of numbersOf(config, agent)) {
      const path = ['agents', agent, 'targets', index, 'number'];
      if (!prefixes.some((prefix) => typeof prefix === 'string' && number.startsWith(prefix)))
        fault(path, `no route leads to it; prefixes of routes are: ${prefixes.join(', ') || 'none'}`);
      else if (reaches(config, number, agent, new Set()))
        fault(path, `a call to it comes back to agent "${agent}" by numbers.${number}: name another number`);
    }
}

function numbersOf(config: unknown, agent: string) {
  const targets = items(field(field(field(config, 'agents'), agent), 'targets'));
  return targets.flatMap((target, index) => {
    const number = field(target, 'number');
    return typeof number === 'string' ? [{ number, index }] : [];
  });
}

/** Whether a call that comes back from the carriers would get from this number to that agent, be it by way of others. */
function reaches(config: unknown, number: string, agent: string, seen: Set<string>): boolean {
  if (seen.has(number)) return false;
  seen.add(number);
  const numbers = named(field(config, 'numbers'));
  const route = Object.hasOwn(numbers, number) ? numbers[number] : undefined;
  const agents = [route, ...items(field(route, 'rules'))].map((each) => field(each, 'agent'));
  return agents.some(
    (name) =>
      name === agent ||
      (typeof name === 'string' &&
        numbersOf(config, name).some((next) => reaches(config, next.number, agent, seen))),
  );
}
