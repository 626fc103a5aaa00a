import { afterEach, describe, expect, it } from '@jest/globals';
import { ApiClient, pathOfJob } from '../../../lib/dashboard/page/api-client.js';

const { fetch: own } = globalThis;
afterEach(() => {
  globalThis.fetch = own;
});

/** Answers each request by this body. @returns the paths that are asked for */
function answerBy(body: string): string[] {
  const asked: string[] = [];
  globalThis.fetch = (path) => {
    asked.push(path as string);
    return Promise.resolve(new Response(body));
  };
  return asked;
}

describe('the client of the API', () => {
  it.each(['..', '.'])(
    'does not ask for what is called %s: it would be another path',
    async (id) => {
      const asked = answerBy('{}');
      const name = encodeURIComponent(id);

      await expect(new ApiClient().post(`api/names/${name}/pause`)).rejects.toMatchObject({
        status: 400,
        message: expect.stringContaining(`“${id}”`),
      });
      await expect(new ApiClient().get(pathOfJob(id), { q: 1 })).rejects.toThrow('No address');
      expect(asked).toEqual([]);
    },
  );

  it('asks for names that only contain dots and slashes', async () => {
    const asked = answerBy('{}');

    await new ApiClient().get(pathOfJob('../a/..', 'logs'));
    await new ApiClient().get('api/jobs', { id: '/../' });

    expect(asked).toEqual(['api/jobs/..%2Fa%2F../logs', 'api/jobs?id=%2F..%2F']);
  });

  it('says that a page to sign in is no answer', async () => {
    answerBy('<!doctype html>');

    await expect(new ApiClient().get('api/overview')).rejects.toMatchObject({
      error: 'NoJson',
      message: expect.stringContaining('sign in'),
    });
  });
});
