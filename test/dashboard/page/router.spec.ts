import { describe, expect, it } from '@jest/globals';
import { hashOf, hashOfJob, hashOfName, routeOf } from '../../../lib/dashboard/page/router.js';

describe('the address of a view', () => {
  it.each(['overview', 'jobs', 'dead', 'schedules', 'hosts'] as const)('leads to %s', (view) => {
    expect(routeOf(hashOf(view))).toEqual({ view, subject: '', query: {} });
  });

  it.each(['', '#', '#/', '/'])('is the overview where it is %j', (hash) => {
    expect(routeOf(hash).view).toBe('overview');
  });

  it.each(['a/b', 'a?b=c', '#', '%', '100%', 'é ü', '<img src=x>', 'constructor', '..'])(
    'keeps the name %j as it is',
    (name) => {
      expect(routeOf(hashOfName(name))).toEqual({ view: 'name', subject: name, query: {} });
    },
  );

  it('leads to a job by its id', () => {
    expect(routeOf(hashOfJob('a/1'))).toEqual({ view: 'job', subject: 'a/1', query: {} });
  });

  it('keeps what a list is narrowed by, and leaves out what is empty', () => {
    const hash = hashOf('jobs', '', { state: 'dead', q: '{"a": "b&c"}', name: '' });

    expect(hash).not.toContain('name');
    expect(routeOf(hash).query).toEqual({ state: 'dead', q: '{"a": "b&c"}' });
  });

  it.each(['#/nowhere', '#/names', '#/dead/1', '#/constructor', '#/toString/x'])(
    'is unknown where it is %j',
    (hash) => {
      expect(routeOf(hash).view).toBe('unknown');
    },
  );

  it('reads what a hand has broken', () => {
    expect(routeOf('#/names/100%')).toMatchObject({ view: 'name', subject: '100%' });
  });
});
