import { Keys, PRIMARY_INDEXES, SECONDARY_INDEXES, KEY_PARTS } from '../../lib/redis/keys.js';
import { knownKey, nameAndKey } from '../../lib/redis/known-key.js';
import { expand, scriptNames } from '../../tools/lua.mjs';

/** What stands behind the prefix wherever a script makes a key: `jobs`, or `ready:`. */
function keysInScripts(): Set<string> {
  const made = scriptNames().flatMap((script) => [
    ...expand(script).matchAll(/prefix \.\. '([^']+)'/g),
  ]);
  return new Set(made.map(([, key]) => key!));
}

describe('the table of keys', () => {
  it('has a rule for every key that a script makes', () => {
    const missing = [...keysInScripts()]
      // That of another backend, and one of two that text follows.
      .filter((key) => !['jobs:all', 'rate:'].includes(key))
      .filter((key) => !knownKey(/:k?$/.test(key) ? `${key}1:nk` : key));

    expect(missing).toEqual([]);
  });

  it('has a rule for every key of a fixed name, every index and every part of a key', () => {
    const fixed = Object.values(new Keys('')).filter((key) => key !== '');
    const built = [...PRIMARY_INDEXES, ...SECONDARY_INDEXES].map((key) => `${key}:x`);
    for (const part of KEY_PARTS) built.push(new Keys('').ofKey('größe', 'k', part));

    expect([...fixed, ...built].filter((key) => !knownKey(key))).toEqual([]);
  });

  it('knows nothing of keys that are not ours', () => {
    expect(['reports:jobs', '', '{0.1}:jobs', 'toString'].map((key) => knownKey(key))).toEqual(
      Array.from({ length: 4 }, () => undefined),
    );
  });
});

it('does not take for a line of ours what has no name of so many bytes and a key behind it', () => {
  const texts = ['', 'x', '5', ':x', '5:name', '-1:x'];
  const keys = ['line:', 'runs:', 'stop:', 'rate:k'].flatMap((infix) =>
    texts.map((text) => `${infix}${text}`),
  );

  expect(keys.filter((key) => knownKey(key))).toEqual([]);
  expect(knownKey('line:4:namex')).toMatchObject({ infix: 'line:', text: '4:namex' });
});

it('tells a name from its key by its length in bytes', () => {
  expect(nameAndKey('6:größe')).toEqual(['größ', 'e']);
  expect(nameAndKey('4:mail1:2')).toEqual(['mail', '1:2']);
});
