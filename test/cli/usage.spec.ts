import { command } from './support.js';

it.each([
  [[]],
  [['repair']],
  [['repartition']],
  [['repartition', '--from', '1']],
  [['repartition', '--from', 'one', '--to', '8']],
  [['repartition', '--from', '1', '--to', '257']],
  [['repartition', '--from', '1', '--to', '8', '--frmo', '1']],
  [['repartition', '--from', '1', '--to', '8', '--ca', '/no/such/file']],
])('answers %j with how it is used, and the exit code 2', async (args) => {
  const { code, said } = await command(...args);

  expect(code).toBe(2);
  expect(said).toContain('nestjs-agenda-redis ');
  expect(said).toContain('repartition');
});

it.each([[['--help']], [['repartition', '--help']]])('explains itself for %j', async (args) => {
  expect(await command(...args)).toMatchObject({
    code: 0,
    said: expect.stringContaining('repartition'),
  });
});

it('fails with a line that names the server and not the password where there is none', async () => {
  const url = 'redis://user:s3cret@127.0.0.1:1';
  const { code, said } = await command('repartition', '--url', url, '--from', '1', '--to', '8');

  expect(code).toBe(1);
  expect(said).toContain('127.0.0.1:1');
  expect(said).not.toContain('s3cret');
});
