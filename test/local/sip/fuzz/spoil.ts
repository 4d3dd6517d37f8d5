import fc from 'fast-check';

/* What can happen to the bytes of a text on their way. */

type Spoil = (text: string) => string;
const at = (text: string, place: number) => place % (text.length + 1);

/** Bytes changed, cut, doubled, or a piece put where it does not belong. */
const spoil: fc.Arbitrary<Spoil> = fc.oneof(
  fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })).map(
    ([place, byte]): Spoil =>
      (text) => {
        const from = at(text, place);
        return text.slice(0, from) + String.fromCharCode(byte) + text.slice(from + 1);
      },
  ),
  fc.nat().map(
    (place): Spoil =>
      (text) =>
        text.slice(0, at(text, place)),
  ),
  fc.tuple(fc.nat(), fc.integer({ min: 1, max: 60 })).map(
    ([place, size]): Spoil =>
      (text) => {
        const from = at(text, place);
        return text.slice(0, from + size) + text.slice(from);
      },
  ),
  fc
    .tuple(
      fc.nat(),
      fc.constantFrom(
        '\r\n',
        '\r\n\r\n',
        '\0',
        '"',
        '<',
        '>',
        ';',
        ',',
        ':',
        ' '.repeat(500),
        ';'.repeat(500),
        '"\\'.repeat(200),
        '\r\nVia: x',
        '\r\nContent-Length: 99999999',
        '%00',
        '\xff\xfe',
        '('.repeat(300),
      ),
    )
    .map(
      ([place, piece]): Spoil =>
        (text) =>
          text.slice(0, at(text, place)) + piece + text.slice(at(text, place)),
    ),
);

/** The same text, spoiled one to six times. */
export const spoiled = (texts: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(texts, fc.array(spoil, { minLength: 1, maxLength: 6 }))
    .map(([text, spoils]) => spoils.reduce((sum, one) => one(sum), text));
